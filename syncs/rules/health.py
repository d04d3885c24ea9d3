"""Our one word for a merchant. It comes from the last final sync that says something of it (`is_stopped_range`); a
running one never changes it."""

from datetime import timedelta
from enum import StrEnum

from syncs.codat.statuses import Outcome, status_of
from syncs.rules.fuse import FUSE_DAYS


class Health(StrEnum):
    UNSEEN = "unseen"
    HEALTHY = "healthy"
    FAILING = "failing"
    SILENT = "silent"
    NEEDS_RECONNECT = "needs_reconnect"
    NEVER_SYNCED = "never_synced"
    SWITCHED_OFF = "switched_off"


# Worst first: who fails and never had a success, then who fails, who never began, whom nobody has looked at yet.
NEVER_WELL = 0
SEVERITY = {
    Health.FAILING: 1,
    Health.SILENT: 1,
    Health.NEEDS_RECONNECT: 1,
    Health.SWITCHED_OFF: 1,
    Health.NEVER_SYNCED: 2,
    Health.UNSEEN: 3,
    Health.HEALTHY: 4,
}
WORD = {
    Health.UNSEEN: "Not looked at yet",
    Health.HEALTHY: "Healthy",
    Health.FAILING: "Failing",
    Health.SILENT: "Not syncing",
    Health.NEEDS_RECONNECT: "Needs reconnect",
    Health.NEVER_SYNCED: "Never synced",
    Health.SWITCHED_OFF: "Switched off",
}
# After so long without a result two daily syncs were left out for certain; one that comes late is nothing yet.
SILENT_AFTER = timedelta(days=3)


def is_stopped_range(code: int | None, *, was_range: bool) -> bool:
    """Whether Codat stopped days that somebody asked for here, since they are synced already. That tells of those days
    alone: nothing ran, and the merchant's daily sync is as well as it was before."""
    return was_range and status_of(code).duplicate_risk


def health_of(
    *,
    seen: bool,
    last_final: Outcome | None,
    last_code: int | None,
    connections_linked: bool | None,
    enabled: bool | None,
    failed_days: int,
    without_result: timedelta,
) -> Health:
    """The first row that fits decides; None is what Codat has not told us. ValueError if not a final outcome.

    | what we know                                                  | health          |
    |---------------------------------------------------------------|-----------------|
    | not looked at yet                                             | unseen          |
    | no final sync of it ever, whatever its settings or links say  | never synced    |
    | Codat says that it is off                                     | switched off    |
    | Codat does not say, and every day of the fuse failed          | switched off    |
    | a connection is not linked, even if the last sync succeeded   | needs reconnect |
    | the last final sync's code asks for the merchant              | needs reconnect |
    | the last final sync failed                                    | failing         |
    | nothing has ended for three days, though nothing failed       | silent          |
    | the last final sync succeeded                                 | healthy         |
    """
    if last_final is not None and not last_final.is_final:
        raise ValueError(f"{last_final} is not final and says nothing about health")
    if not seen:
        return Health.UNSEEN
    if last_final is None:
        return Health.NEVER_SYNCED
    if enabled is False or (enabled is None and failed_days >= FUSE_DAYS):
        return Health.SWITCHED_OFF
    if connections_linked is False:
        return Health.NEEDS_RECONNECT
    if last_final.is_success:
        return Health.SILENT if without_result >= SILENT_AFTER else Health.HEALTHY
    return Health.NEEDS_RECONNECT if status_of(last_code).needs_reconnect else Health.FAILING
