"""A merchant's requests and notes on one line of time: each request once, at its press, with how it stands now."""

from datetime import datetime

from syncs.models import Activity, Merchant
from syncs.rules.states import State

ENTRIES = 20
# Of the steps that Sync Desk takes by itself only these wait for somebody; the others the press shows.
TOLD = {State.UNCERTAIN, State.NEEDS_REVIEW}
STEPS = [f"request.{state}" for state in State if state not in TOLD]


def of(merchant: Merchant) -> list[Activity]:
    """Newest first. All of its steps stand in the activity, and on the page of the request."""
    return list(merchant.activity.exclude(actor=None, verb__in=STEPS).for_page()[:ENTRIES])


def failed_before(merchant: Merchant, entries: list[Activity]) -> datetime | None:
    """When it began to fail, where that was before Sync Desk knew it: nothing in the activity can say so. Not where
    older entries are left out: it would stand wrongly between them."""
    began = merchant.began_to_fail_at
    return began if began and began < merchant.registered_at and len(entries) < ENTRIES else None
