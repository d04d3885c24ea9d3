"""Held in an outage: while Codat looks down for a platform, nothing is asked of its merchants without a lead's word."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Activity, Heartbeat, Merchant, NotAsked, Outage, SyncRequest, User
from syncs.operations import bulk_plans, bulks, fix_first, heartbeats, outage_hold
from syncs.operations.asking import NotPossible, basis_of
from syncs.operations.bulk_plans import Wish
from syncs.operations.bulks import Changed
from syncs.rules.states import State
from tests.bulk_pages import confirm, review
from tests.codat.server import Server
from tests.factories import make_failing_merchant, make_merchant, make_outage, make_request, make_sync
from tests.presses import asked, held_back, is_sent, press, pressed, stored, verbs

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
HTMX = {"HX-Request": "true"}
WHY = "Codat told us that Shopify works again"
DOWN = "Codat looks down for Shopify merchants"
TOLD = f"{DOWN}. Of the 640 that ran within the last hour, 118 failed with 5000."


@pytest.fixture
def outage(db: None) -> Outage:
    return an_outage()


def an_outage(platform: str = "Shopify", **columns: Any) -> Outage:
    return make_outage(platform, since=NOW, **columns)


def refusal(merchant: Merchant, by: User, **ask: Any) -> NotPossible:
    with pytest.raises(NotPossible) as refused:
        press(merchant, by, NOW, pressed(**ask))
    assert not SyncRequest.objects.exists()
    return refused.value


def send(client: Client, merchant: Merchant, step: str, **data: Any) -> Any:
    given = {"form_token": uuid.uuid4(), "basis": basis_of(merchant)} | data
    return client.post(f"/merchants/{merchant.company_id}/rerun/latest/{step}/", given, headers=HTMX)


def test_a_press_for_a_merchant_of_its_platform_is_held_with_what_is_known(
    outage: Outage, support: User
) -> None:
    refused = refusal(make_merchant(), support, outage=outage.pk)
    assert refused.sentence == f"{TOLD} Held until the outage is over. Only a lead may run it before."
    assert refused.kind == "outage"


@pytest.mark.parametrize("end", [{"commerce": "Square"}, {"ended_at": NOW}])
def test_others_and_those_after_its_end_are_not_held(support: User, end: dict[str, Any]) -> None:
    an_outage(ended_at=end.get("ended_at"))
    assert press(make_merchant(commerce=end.get("commerce", "Shopify")), support, NOW).is_new


@pytest.mark.parametrize(("silent", "is_held"), [(9, True), (11, False)])
def test_an_outage_that_no_clock_follows_any_more_forbids_nothing(
    outage: Outage, support: User, silent: int, is_held: bool
) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=silent))
    merchant = make_merchant()
    if is_held:
        refusal(merchant, support, outage=outage.pk)
    else:
        assert press(merchant, support, NOW, pressed()).request.state == "queued"


def test_the_accounting_platform_may_be_the_one_that_is_out(support: User) -> None:
    an_outage("Xero", side="accounting")
    assert refusal(make_merchant(), support).sentence.startswith("Codat looks down for Xero merchants.")


def test_a_platform_of_the_other_side_by_the_same_name_is_another(support: User) -> None:
    an_outage("Xero", side="commerce")
    assert press(make_merchant(), support, NOW).is_new


def test_a_lead_may_run_it_with_a_reason_which_is_kept(outage: Outage, lead: User) -> None:
    merchant = make_merchant()
    assert refusal(merchant, lead, outage=outage.pk, outage_reason=" ").sentence == (
        f"{TOLD} If it helps now, say why."
    )
    request = press(merchant, lead, NOW, pressed(outage=outage.pk, outage_reason=WHY)).request
    assert (request.outage_reason, request.in_spite_of, request.override_reason) == (WHY, outage, "")
    assert verbs(request) == ["request.asked", "request.override"]
    entry = Activity.objects.get(verb="request.override")
    assert (entry.what, entry.reason) == (f"Did not wait for the end of an outage: {DOWN}.", WHY)


def test_a_reason_that_was_given_before_the_outage_was_shown_is_none(outage: Outage, lead: User) -> None:
    ended = an_outage("Square")
    for seen in (None, ended.pk):
        assert refusal(make_merchant(), lead, outage=seen, outage_reason=WHY).field == "override_reason"


def test_where_something_must_be_fixed_too_one_word_answers_both_that_were_shown(
    outage: Outage, lead: User
) -> None:
    merchant = make_failing_merchant()
    assert "Not until the cause" in refusal(merchant, lead, outage=outage.pk, override_reason="").sentence
    press(merchant, lead, NOW, pressed(outage=outage.pk, override_reason=WHY, outage_reason=WHY))
    told = Activity.objects.filter(verb="request.override").order_by("pk").values_list("what", flat=True)
    assert list(told) == [
        "Overrode the playbook: Not until the cause is fixed.",
        f"Did not wait for the end of an outage: {DOWN}.",
    ]


def test_the_form_tells_it_and_offers_support_nothing_to_press(as_support: Client, outage: Outage) -> None:
    merchant = make_merchant()
    form = as_support.get(f"/merchants/{merchant.company_id}/?run=latest").text.split('id="rerun"')[1]
    assert f"<b>{DOWN}.</b> Of the 640 that ran within the last hour, 118 failed with 5000." in form
    assert "Only a lead may run it before." in form
    assert 'aria-disabled="true">Review Sync latest' in form
    assert 'name="override_reason"' not in form
    refused = send(as_support, merchant, "review", reason="Ticket", override_reason=WHY, outage=outage.pk)
    assert refused.status_code == 422
    assert not SyncRequest.objects.exists()


def test_a_lead_is_told_again_on_the_confirm_step(as_lead: Client, outage: Outage) -> None:
    merchant = make_merchant()
    form = as_lead.get(f"/merchants/{merchant.company_id}/?run=latest").text.split('id="rerun"')[1]
    assert f'<input type="hidden" name="outage" value="{outage.pk}">' in form
    card = send(as_lead, merchant, "review", override_reason=WHY, outage=outage.pk).text
    assert f"<b>{DOWN}.</b>" in card
    assert "This one would probably fail too." in card
    assert f'<input type="hidden" name="outage" value="{outage.pk}">' in card
    send(as_lead, merchant, "confirm", override_reason=WHY, outage=outage.pk)
    assert SyncRequest.objects.get().outage_reason == WHY


def test_one_that_begins_after_the_form_was_filled_is_told_before_anything_is_saved(as_lead: Client) -> None:
    merchant = make_merchant()
    assert send(as_lead, merchant, "review", reason="Ticket 4812").status_code == 200
    outage = an_outage()
    back = send(as_lead, merchant, "confirm", reason="Ticket 4812")
    assert back.status_code == 422
    assert f"{DOWN}" in back.text
    assert f'<input type="hidden" name="outage" value="{outage.pk}">' in back.text
    assert 'value="Ticket 4812"' in back.text
    assert not SyncRequest.objects.exists()


@pytest.mark.parametrize("outage", ["x", "-1", str(10**30)])
def test_a_forged_number_of_an_outage_is_refused(as_lead: Client, outage: str) -> None:
    an_outage()
    assert send(as_lead, make_merchant(), "confirm", override_reason=WHY, outage=outage).status_code == 422
    assert not SyncRequest.objects.exists()


def of_many(*merchants: Merchant, by: User, **wish: Any) -> None:
    asked_for = Wish("latest", reason="Ticket", **wish)
    keys = [merchant.pk for merchant in merchants]
    bulks.ask_for_many(
        keys,
        asked_for,
        by=by,
        now=NOW,
        may_many=True,
        may_override=by.has_perm("syncs.override_guard"),
    )


def test_a_bulk_leaves_them_out_with_the_reason(outage: Outage, support: User) -> None:
    shop, other = make_merchant(), make_merchant(commerce="Square")
    of_many(shop, other, by=support)
    assert [request.merchant for request in SyncRequest.objects.all()] == [other]
    left_out = NotAsked.objects.get()
    assert (left_out.merchant, left_out.kind, left_out.why) == (shop, "outage", f"Held: {DOWN}.")


def test_only_a_lead_may_take_them_into_a_bulk_and_the_word_is_kept(
    outage: Outage, support: User, lead: User
) -> None:
    shop, other = make_merchant(), make_merchant(commerce="Square")
    with pytest.raises(NotPossible, match="Only leads may run many for whose platform Codat looks down"):
        of_many(shop, other, by=support, outage_reason=WHY)
    of_many(shop, other, by=lead, outage_reason=WHY)
    assert set(SyncRequest.objects.values_list("merchant", "outage_reason", "in_spite_of")) == {
        (shop.pk, WHY, outage.pk),
        (other.pk, "", None),
    }
    entry = Activity.objects.get(verb="request.override")
    assert (entry.merchant, entry.reason) == (shop, WHY)


def test_that_word_lifts_no_other_guard_of_a_bulk(outage: Outage, lead: User) -> None:
    held, shop = make_failing_merchant(), make_merchant()
    of_many(held, shop, by=lead, outage_reason=WHY)
    assert [(left.merchant, left.kind) for left in NotAsked.objects.all()] == [(held, "fix_first")]


def test_who_has_something_to_fix_is_counted_there_and_not_among_the_held(
    outage: Outage, support: User
) -> None:
    held, other = make_failing_merchant(), make_merchant(commerce="Square")
    of_many(held, other, by=support)
    assert [left.kind for left in NotAsked.objects.all()] == ["fix_first"]


def test_an_outage_that_begins_after_the_review_is_shown_before_anything_is_saved(lead: User) -> None:
    shop, other = make_merchant(), make_merchant(commerce="Square")
    wish = Wish("latest", reason="Ticket", outage_reason=WHY)
    shown = bulk_plans.plan(bulk_plans.read(Merchant.objects.all(), wish), wish, NOW).marks
    an_outage()
    with pytest.raises(Changed):
        bulks.ask_for_many(
            [shop.pk, other.pk], wish, by=lead, now=NOW, may_many=True, may_override=True, shown=shown
        )
    assert not SyncRequest.objects.exists()


def test_the_review_of_many_tells_it_and_takes_them_in_for_a_lead(
    as_support: Client, as_lead: Client, outage: Outage
) -> None:
    shop, other = make_merchant(), make_merchant(commerce="Square")
    told = review(as_support, shop, other)
    assert f"1 held: {DOWN}." in told
    assert 'name="outage_reason"' not in told
    assert "Run it all the same" in review(as_lead, shop, other)
    taken = review(as_lead, shop, other, outage_reason=WHY)
    assert f'<span class="num">1</span>: “{WHY}”' in taken
    assert "Leave out those in an outage" in taken
    assert f"1 held: {DOWN}." in review(as_lead, shop, other, outage_reason=WHY, change="wait_for_the_end")
    confirm(as_lead, taken)
    assert SyncRequest.objects.count() == 2


def test_one_of_a_bulk_that_was_saved_before_waits_and_is_sent_once_it_is_over(
    scripted: Server, outage: Outage, told: CodatClient
) -> None:
    request = asked(bulk=uuid.uuid4(), priority=-1)
    assert not is_sent(request, scripted, told)
    assert held_back(request) == f"{DOWN}."
    Outage.objects.update(ended_at=NOW)
    SyncRequest.objects.update(not_before=timezone.now())
    assert is_sent(request, scripted, told)


def test_a_press_that_was_saved_before_is_sent_since_somebody_waits_for_it(
    scripted: Server, outage: Outage, told: CodatClient
) -> None:
    assert is_sent(asked(), scripted, told)


def test_one_of_a_bulk_goes_in_spite_of_the_outage_that_a_lead_gave_a_word_about(
    scripted: Server, outage: Outage, told: CodatClient
) -> None:
    assert is_sent(asked(bulk=uuid.uuid4(), outage_reason=WHY, in_spite_of=outage), scripted, told)


def test_but_not_in_spite_of_one_that_began_later(scripted: Server, told: CodatClient) -> None:
    seen = an_outage(ended_at=NOW)
    request = asked(bulk=uuid.uuid4(), outage_reason=WHY, in_spite_of=seen)
    an_outage()
    assert not is_sent(request, scripted, told)


def test_a_word_about_the_playbook_lifts_no_outage(
    scripted: Server, outage: Outage, told: CodatClient
) -> None:
    request = asked(bulk=uuid.uuid4(), override_reason="They chose the account")
    assert not is_sent(request, scripted, told)


def test_a_word_about_an_outage_closes_no_playbook(outage: Outage, support: User, lead: User) -> None:
    """Nobody has said of that error that a sync helps."""
    merchant = make_failing_merchant(5130, "Same words")
    told = {
        "sync": make_sync(merchant, 5130, message="Same words"),
        "outage_reason": WHY,
        "in_spite_of": outage,
    }
    make_request(merchant, state=State.FAILED, asked_by=lead, **told)
    assert fix_first.closed_by(merchant, support) is None
    SyncRequest.objects.update(override_reason=WHY)
    assert fix_first.closed_by(merchant, support) is not None


def test_while_it_is_quiet_one_of_a_bulk_is_tried_and_the_next_has_its_turn_later(
    scripted: Server, told: CodatClient
) -> None:
    an_outage(try_from=timezone.now())
    first, second = asked(bulk=uuid.uuid4()), asked(bulk=uuid.uuid4())
    assert is_sent(first, scripted, told)
    is_sent(second, scripted, told)
    assert held_back(second) == "Codat was down for Shopify merchants: one is tried at a time."
    Outage.objects.update(try_from=timezone.now())
    SyncRequest.objects.filter(pk=second.pk).update(not_before=timezone.now())
    is_sent(second, scripted, told)
    assert stored(second).state == State.ACCEPTED


def test_of_two_that_looked_at_the_same_time_only_one_takes_the_turn(db: None) -> None:
    an_outage(try_from=NOW)
    first, second = asked(bulk=uuid.uuid4()), asked(bulk=uuid.uuid4())
    assert [outage_hold.in_the_way_of(each, NOW) for each in (first, second)] == ["", ""]
    told = [outage_hold.in_the_way_of_the_claim(each, NOW) for each in (first, second)]
    assert told == ["", "Codat was down for Shopify merchants: one is tried at a time."]


def test_while_it_is_quiet_a_person_may_press_and_a_bulk_takes_them_in(support: User) -> None:
    an_outage(try_from=NOW)
    assert press(make_merchant(), support, NOW).is_new
    of_many(make_merchant(), by=support)
    assert not NotAsked.objects.exists()


def two_outages() -> int:
    an_outage("Xero", side="accounting", failed=500)
    return an_outage().pk


def test_of_a_merchant_in_two_outages_a_word_lifts_both(
    lead: User, scripted: Server, told: CodatClient
) -> None:
    newest = two_outages()
    merchant = make_merchant()
    of_many(merchant, by=lead, outage_reason=WHY)
    request = merchant.requests.get()
    assert request.in_spite_of_id == newest
    assert outage_hold.in_the_way_of(request, NOW) == ""


def test_the_form_of_a_single_press_names_the_newer_one(as_lead: Client, lead: User) -> None:
    newest = two_outages()
    merchant = make_merchant()
    form = as_lead.get(f"/merchants/{merchant.company_id}/?run=latest").text
    assert f'name="outage" value="{newest}"' in form
    assert press(merchant, lead, NOW, pressed(outage=newest, outage_reason=WHY)).is_new
