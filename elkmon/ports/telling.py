"""
Tell: the port `Notifier`.
"""

from __future__ import annotations

from typing import Protocol

from elkmon.digests import Digest


class Notifier(Protocol):
    """One way to tell people or machines."""

    @property
    def name(self) -> str:
        """Its name in the configuration; part of what identifies a delivery."""

    def notify(self, digest: Digest) -> None:
        """Deliver `digest`, or raise `DeliveryError`."""
