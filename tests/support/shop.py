"""A small shop whose model logs, the commands that watch it, and a mail server that misbehaves."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from elkmon import ModelLog, PredictionHandler
from elkmon.config import toml_key
from support.mail_server import Mailbox

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=14)
REFERENCE_DAYS, ROWS_A_DAY = 9, 60


def instant(days: float) -> str:
    """Return the time so many days after the shop opened, as a command takes it."""
    return (START + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


class FickleMailbox(Mailbox):
    """A mailbox that hangs up on the next `hang_up` mails, and knows nobody of `unknown`."""

    port = 0

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[tuple[str, ...]] = []
        self.hang_up = 0
        self.unknown: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 aiosmtpd calls it by this name
        """Take or refuse a recipient."""
        if address in self.unknown:
            return "550 no such user <script>"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 aiosmtpd calls it by this name
        """Keep the mail, or hang up in the middle of it."""
        if self.hang_up:
            self.hang_up -= 1
            server.transport.close()
            return "451 gone"
        self.recipients.append(tuple(envelope.rcpt_tos))
        return await super().handle_DATA(server, session, envelope)


def configure(url: str, namespace: str, *models: str, mail_port: int | None = None, timeout: int = 30) -> None:
    """Write `elkmon.toml` into the current folder."""
    text = f'[store]\nhosts = ["{url}"]\nnamespace = "{namespace}"\ntimeout = {timeout}\n'
    if mail_port is not None:
        text += f"""
            [notifiers.team]
            kind = "mail"
            host = "127.0.0.1"
            port = {mail_port}
            security = "none"
            sender = "elkmon@example.com"
            recipients = ["ann@example.com", "bob@example.com"]
            """
    for model in models:
        text += f'[models.{toml_key(model)}]\nmin_rows = 50\npositive_label = "yes"\nlabels_after = "2h"\n'
    Path("elkmon.toml").write_text(text, encoding="utf-8")


Features = Callable[[random.Random, bool], dict[str, object]]


def usual(chance: random.Random, late: bool) -> dict[str, object]:
    """Return the features of one row; from day nine on the amounts are in another currency."""
    return {"amount": chance.gauss(3.0 if late else 0.0, 1.0), "country": chance.choice(["de", "fr", "it"])}


def log_days(
    handler: PredictionHandler, model: str, days: int = 12, features: Features = usual, version: str = "1"
) -> None:
    """Log so many days through the handler, with ids `0`, `1`, …; what is late comes after the reference."""
    chance = random.Random(5)
    log = ModelLog(model, version=version, handler=handler)
    for row in range(days * ROWS_A_DAY):
        score = chance.random()
        log.prediction(
            features=features(chance, row >= REFERENCE_DAYS * ROWS_A_DAY),
            score=score,
            label="yes" if score > 0.5 else "no",
            id=str(row),
            timestamp=START + timedelta(days=row / ROWS_A_DAY),
        )
