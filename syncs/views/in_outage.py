"""What a merchant's page says of a re-run while an outage stands for one of its platforms: the same as the notice on
top of it."""

from django.utils import timezone

from syncs import moments
from syncs.models import Merchant, Outage
from syncs.operations import diagnosing
from syncs.rules import playbook
from syncs.rules.playbook import Diagnosis


def told(diagnosis: Diagnosis | None, merchant: Merchant, outage: Outage | None) -> Diagnosis | None:
    if diagnosis is None or outage is None:
        return diagnosis
    if outage.is_quiet:
        return playbook.perhaps_over(diagnosis, known_of(outage))
    _, accounting = diagnosing.names(merchant)
    return playbook.held_in_an_outage(diagnosis, known_of(outage), accounting)


def known_of(outage: Outage) -> str:
    """Since when; and when the next is tried, where some wait and none runs."""
    now = timezone.localtime()
    since = moments.in_a_sentence(outage.since, now)
    if outage.try_from is None:
        return f"Codat has looked down for {outage.platform_name} merchants since {since}."
    is_due = outage.try_from <= now
    when = "in a moment" if is_due else moments.at_in_a_sentence(outage.try_from, now)
    was = f"Codat was down for {outage.platform_name} merchants from {since}."
    return f"{was} Of a bulk that waits, the next is tried {when}."
