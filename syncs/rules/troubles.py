"""What is wrong with a merchant, and whether that is worse than it was, or another trouble."""

from dataclasses import dataclass

from syncs.codat.statuses import status_of
from syncs.rules.health import WORD, Health

# Days left at which the fuse is news.
STEPS = (1, 3, 7, 14)
# From here on it is worse trouble than it was, and wakes who was snoozed.
WAKES_FROM = 7
IN_TROUBLE = {Health.FAILING, Health.SILENT, Health.NEEDS_RECONNECT, Health.SWITCHED_OFF}


@dataclass(frozen=True)
class Trouble:
    health: Health
    code: int | None
    days_left: int | None


def step_of(days_left: int | None) -> int | None:
    """The last step of the fuse that was reached; None before the first, and while nothing counts."""
    return None if days_left is None else next((step for step in STEPS if days_left <= step), None)


def is_over(now: Trouble) -> bool:
    return now.health == Health.HEALTHY


def other_health(before: Trouble, now: Trouble) -> str:
    """What it is now, in a sentence; empty where it is the same."""
    return "" if before.health == now.health else f"It is “{WORD[now.health]}” now"


def worse(before: Trouble, now: Trouble) -> str:
    """Why it wants somebody's eye again, in a sentence; empty where it is the trouble that it was."""
    if other := other_health(before, now):
        return other
    if before.code != now.code:
        return f"It ends with another result now: {status_of(now.code).word} ({now.code})"
    reached = step_of(now.days_left)
    if reached is None or reached > WAKES_FROM:
        return ""
    had_reached = step_of(before.days_left)
    if had_reached is not None and had_reached <= reached:
        return ""
    return f"{days_left(now.days_left or 0)} until Codat switches it off"


def need_of(now: Trouble) -> str:
    """What the merchant has to do, after its name. A connection may be lost after a good sync too."""
    status = status_of(now.code)
    need = "needs its accounting plan renewed" if status.plan_expired else "needs a reconnect"
    return f"{need} ({now.code})" if status.needs_reconnect else need


def days_left(number: int) -> str:
    return "1 day left" if number == 1 else f"{number} days left"
