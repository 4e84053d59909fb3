"""All arms of the comparison."""

from __future__ import annotations

from bench.shipping import elkmon_arms, logstash_arms, peer_arms, standard_arms
from bench.shipping.arms import Arm


def all_arms() -> dict[str, Arm]:
    """Return every arm by its name, in the order of the tables."""
    arms = (*standard_arms.ARMS, *logstash_arms.ARMS, *peer_arms.ARMS, *elkmon_arms.ARMS)
    return {arm.name: arm for arm in arms}
