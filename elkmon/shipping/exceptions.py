"""An exception as text: its class, what it says, and where it came from, with causes and groups, capped."""

from __future__ import annotations

from typing import Any

from elkmon.values import fit

STACK_LIMIT = 32 * 1024
MESSAGE_LIMIT = 8 * 1024


def described(error: BaseException | str) -> dict[str, Any]:
    """Return the `error` part of a document. Written at once, so that no traceback keeps a request's frames alive."""
    if isinstance(error, str):
        return {"message": fit(error, MESSAGE_LIMIT)[0]}
    return {
        "type": class_name(type(error)),
        "message": _message(error),
        "stack_trace": capped(_stack_trace(error)),
    }


def class_name(kind: type) -> str:
    """Name an exception's class, with its module unless it is a built-in."""
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", None) else f"{module}.{kind.__qualname__}"


def capped(text: str) -> str:
    """Leave the middle out of what is too long: the beginning names the cause, the end the place."""
    if len(text) > STACK_LIMIT:
        half = STACK_LIMIT // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
    return fit(text, 2 * STACK_LIMIT)[0]


def _message(error: BaseException) -> str:
    try:
        return fit(str(error), MESSAGE_LIMIT)[0]
    except Exception as unprintable:  # noqa: BLE001  anybody's class
        return f"<unprintable: {type(unprintable).__name__}>"


def _stack_trace(error: BaseException) -> str:
    import traceback

    try:
        return "".join(traceback.TracebackException.from_exception(error).format())
    except Exception as unprintable:  # noqa: BLE001  as above
        return f"<unprintable: {type(unprintable).__name__}>"
