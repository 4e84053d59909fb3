"""
The command `elkmon`, also as `python -m elkmon`.
"""

from __future__ import annotations

import sys

from elkmon.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
