"""The process an arm runs in: builds it, and does one measure's part with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.shipping.arms import NotInThisVersion, Place
from bench.shipping.roster import all_arms


def say(**answer: Any) -> None:
    """Tell the bench."""
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Read from the command line which arm, which measure, and its options."""
    name, measure, text = sys.argv[1:]
    options: dict[str, Any] = json.loads(text)
    arm = all_arms()[name]
    from bench.shipping import measures

    part = measures.part(measure)
    try:
        call = arm.build(Place(options.pop("port"), Path(options.pop("folder"))))
    except ImportError as error:
        say(failed=f"not installed: {error}")
    except NotInThisVersion as error:
        say(failed=str(error))
    else:
        part(call, **options)


if __name__ == "__main__":
    main()
