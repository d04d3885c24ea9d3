"""How long until Codat switches a merchant off: on 31 failed days in a row (Codat docs, sync schedule)."""

from dataclasses import dataclass
from datetime import date

FUSE_DAYS = 31


@dataclass(frozen=True)
class Fuse:
    """An estimate: Codat does not say whether a day without a run breaks the row."""

    failed_days: int
    failing_since: date | None
    switches_off_on: date | None
    counting: bool
