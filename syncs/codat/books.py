"""What an answer means for the calls that follow, whatever it says to its caller."""

from syncs.codat.budget import Budget
from syncs.codat.crowd import Place
from syncs.codat.errors import LONGEST_ABSENCE
from syncs.codat.quota import UNSAID, Quota, said_at
from syncs.codat.transport import Answer, Broken
from syncs.codat.verdicts import asked_wait


def keep_books(budget: Budget, outcome: Answer | Broken, place: Place | None, *, is_probe: bool) -> None:
    """Only a call that began during a pause proves it over: others were under way when it began."""
    if isinstance(outcome, Broken):
        budget.heard(UNSAID, place)
        return
    told = Quota.from_headers(outcome.headers, said_at(outcome.headers))
    budget.heard(told, place)
    asked = asked_wait(outcome)
    if outcome.status == 429:
        budget.slow_down(asked)
    elif outcome.status == 503 and asked:
        # Whoever stands before Codat may say so for one call alone, so it is tried again sooner.
        budget.slow_down(min(asked, LONGEST_ABSENCE))
    elif is_probe and outcome.status < 500:
        budget.resume(told if outcome.succeeded else UNSAID)
