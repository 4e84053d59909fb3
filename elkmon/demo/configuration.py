"""
The `elkmon.toml` of the demo: written as a user would write it, so that every command works on what the demo left.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from elkmon.config import FILE_NAME, Config, load
from elkmon.demo.flights import LATE
from elkmon.demo.mailbox import HOST
from elkmon.demo.service import MODEL

LABELS_AFTER = timedelta(hours=12)
"""Nearly every flight's outcome is on record this long after it was to depart; a week is checked when it is."""

RECIPIENT = "flight-desk@example.com"


def write_configuration(folder: Path, url: str, mail_port: int) -> Config:
    """Write the configuration into `folder` and read it back."""
    path = folder / FILE_NAME
    path.write_text(_TEXT.format(url=url, host=HOST, port=mail_port, recipient=RECIPIENT, model=MODEL, label=LATE))
    return load(path)


_TEXT = """\
# Written by `elkmon demo`. `elkmon init` writes one with every key explained.

[store]
hosts = ["{url}"]
namespace = "demo"

[notifiers.mailbox]
kind = "mail"
host = "{host}"
port = {port}
security = "none"                  # the demo's own server on this machine; a real one has starttls, the default
sender = "elkmon@example.com"
recipients = ["{recipient}"]

[models.{model}]
schedule = "0 12 * * mon"          # on Mondays at noon, when the truth about Sunday's flights is in
window = "1w"
positive_label = "{label}"
labels_after = "12h"
"""
