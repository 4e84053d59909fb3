"""Whether the tormented run ended where the undisturbed one did, and what it went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.rehearsal.accounts import Account, Post

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Attributes:
        quiet, loud: what the undisturbed run holds in the end, and the tormented one.
        post: the mails of the tormented run.
        kills: how often each victim was killed.
        checks: how often the tormented monitor checked, and how often it could not.
        settled: whether, left alone again, it came to its end in time.
    """

    quiet: Account
    loud: Account
    post: Post
    kills: Mapping[str, int]
    checks: tuple[int, int]
    settled: bool

    @property
    def differences(self) -> list[str]:
        """What is not as it should be, in lines; empty when the promise was kept."""
        return [
            *([] if self.settled else ["it did not come to its end in time"]),
            *([] if all(self.kills.values()) else ["not everything was killed: let it take longer"]),
            *([] if self.quiet.findings and self.quiet.told else ["nothing happened: let it take longer"]),
            *_unequal("finding", self.quiet.findings, self.loud.findings),
            *_unequal("transition", self.quiet.punctual, self.loud.punctual),
            *(f"not delivered: {self.loud.transitions[each]}" for each in self.loud.undelivered),
            *(f"in no mail: {self.loud.transitions[each]}" for each in sorted(self.loud.told - set(self.post.ids))),
            *(f"under {len(names)} Message-IDs: {each}" for each, names in self.post.ids.items() if len(names) > 1),
            *(f"out of order: {each}" for each in self.post.disordered),
            *(f"a mail about nothing known: {each}" for each in self.post.strange),
        ]

    def table(self) -> str:
        """Write it for a terminal."""
        differences = self.differences
        rows = [
            *((f"{victim} killed", f"{count} times") for victim, count in self.kills.items()),
            ("checks that were done", f"{self.checks[0]:,}"),
            ("checks that could not be done", f"{self.checks[1]:,}"),
            ("findings, undisturbed", f"{len(self.quiet.findings):,}"),
            ("findings, tormented", f"{len(self.loud.findings):,}"),
            ("transitions, undisturbed", f"{len(self.quiet.transitions):,}, {len(self.quiet.told):,} to be told"),
            ("transitions, tormented", f"{len(self.loud.transitions):,}, {len(self.loud.told):,} to be told"),
            ("mails", f"{self.post.mails:,}, {self.post.repeated:,} of them repeats under the same Message-ID"),
            ("notices of outages among them", f"{self.post.notices:,}"),
            ("differences", f"{len(differences):,}"),
            ("promise kept", "NO" if differences else "yes"),
        ]
        return "\n".join([f"{what:32} {figure}" for what, figure in rows] + differences[:30])


def _unequal(what: str, quiet: Mapping[object, object], loud: Mapping[object, object]) -> list[str]:
    lacking = [f"{what} lacking: {quiet[each]}" for each in quiet if each not in loud]
    beyond = [f"{what} beyond: {loud[each]}" for each in loud if each not in quiet]
    other = [
        f"{what} differs: {loud[each]}, not {quiet[each]}"
        for each in quiet
        if each in loud and loud[each] != quiet[each]
    ]
    return [line for lines in (lacking, beyond, other) for line in _shortened(lines)]


def _shortened(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"… and {len(lines) - _SHOWN} more like it"]
