"""
From a baseline and a window's profile to verdicts: one finding per subject, each with three yeses or its reason.

A subject is bad when it has enough rows, when chance would hardly do it (corrected over everything judged of this model
version and window), and when it is big (beyond its floor and beyond what the reference does to itself). Pure: no clock, no
store, no plot; the mathematics is `elkmon.measures`.
"""

from elkmon.judgement.case import earlier_windows
from elkmon.judgement.evidence import Move, evidence, moves, tendency
from elkmon.judgement.learning import EDITION, learn
from elkmon.judgement.subjects import SILENCE
from elkmon.judgement.unfamiliar import unfamiliar
from elkmon.judgement.verdicts import judge, unjudged
from elkmon.measures.learnt import Limits

__all__ = [
    "EDITION",
    "SILENCE",
    "Limits",
    "Move",
    "earlier_windows",
    "evidence",
    "judge",
    "learn",
    "moves",
    "tendency",
    "unfamiliar",
    "unjudged",
]
