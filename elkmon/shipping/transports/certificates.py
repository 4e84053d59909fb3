"""Whom to trust, and who we are, in TLS: files that are read when a transport is made, so that a wrong one is told at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from elkmon.errors import ShippingError

if TYPE_CHECKING:
    from ssl import SSLContext


@dataclass(frozen=True, slots=True)
class Certificates:
    """
    The files of TLS, in PEM. Certificate and host name of the other end are always verified.

    Attributes:
        ca_file: certificates to trust instead of the system's.
        client_cert: our own certificate, with those that lead to its authority; perhaps with the key.
        client_key: the key of `client_cert`, where it has a file of its own; without a pass phrase.

    Raises:
        ShippingError: a file cannot be used.
    """

    ca_file: str | os.PathLike[str] | None = None
    client_cert: str | os.PathLike[str] | None = None
    client_key: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        if self.client_key is not None and self.client_cert is None:
            raise ShippingError("client_key is given without client_cert: give the certificate it belongs to as well")
        if self.given:
            self.context()

    @property
    def given(self) -> bool:
        """Whether there is anything beyond the system's authorities."""
        return self.ca_file is not None or self.client_cert is not None

    def context(self) -> SSLContext:
        """Make the settings of a connection. Raises ShippingError."""
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, TypeError) as error:  # SSLError is an OSError
            raise ShippingError(f"ca_file={_shown(self.ca_file)} cannot be used: {_why(error)}") from error
        if self.client_cert is not None:
            try:
                context.load_cert_chain(self.client_cert, self.client_key, password=_refuse)
            except (OSError, TypeError) as error:
                key = f" with client_key={_shown(self.client_key)}" if self.client_key is not None else ""
                raise ShippingError(
                    f"client_cert={_shown(self.client_cert)}{key} cannot be used: {_why(error)}; both must be in PEM, "
                    "and the key must be the certificate's"
                ) from error
        return context


def _refuse() -> NoReturn:
    """Answer OpenSSL, which would otherwise ask whoever sits at the terminal."""
    raise ShippingError("the key of client_cert has a pass phrase: give it without one, readable by the service only")


def _shown(path: object) -> str:
    return repr(os.fspath(path) if isinstance(path, os.PathLike) else path)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
