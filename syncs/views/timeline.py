"""A merchant's requests and notes on one line of time: each request once, at its press, with how it stands now."""

from syncs.models import Activity, Merchant
from syncs.rules.states import State

ENTRIES = 20
# Of the steps that Sync Desk takes by itself only these wait for somebody; the others the press shows.
TOLD = {State.UNCERTAIN, State.NEEDS_REVIEW}
STEPS = [f"request.{state}" for state in State if state not in TOLD]


def of(merchant: Merchant) -> list[Activity]:
    """Newest first. All of its steps stand in the activity, and on the page of the request."""
    return list(merchant.activity.exclude(actor=None, verb__in=STEPS).for_page()[:ENTRIES])
