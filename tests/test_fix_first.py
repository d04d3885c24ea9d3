"""Fix first: what the playbook says cannot help yet is held, and run only with word of why it helps now."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Merchant, SyncRequest, User
from syncs.operations import asking
from syncs.operations.asking import NotPossible, basis_of
from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_request, make_sync, make_user
from tests.playbooks import make_entry
from tests.presses import a_day, press, pressed, verbs

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
HTMX = {"HX-Request": "true"}
ARCHIVED = "Account 090 is not in an Active state. (Archived)"
HELD = "Not until account 090 is fixed. If it helps now, say why."
WHY = "The merchant restored account 090"


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_failing_merchant(5130, ARCHIVED)


def refusal(merchant: Merchant, by: User, **ask: Any) -> NotPossible:
    with pytest.raises(NotPossible) as refused:
        press(merchant, by, NOW, pressed(**{"override_reason": "", **ask}))
    assert not merchant.requests.active().exists()
    return refused.value


def send(client: Client, merchant: Merchant, step: str, kind: str = "latest", **data: Any) -> Any:
    given = {"reason": "Ticket 4812", "form_token": uuid.uuid4(), "basis": basis_of(merchant)} | data
    return client.post(f"/merchants/{merchant.company_id}/rerun/{kind}/{step}/", given, headers=HTMX)


def failed_before(merchant: Merchant, by: User, **columns: Any) -> SyncRequest:
    """Said to help, and ended as the merchant's last sync did."""
    told = {"sync": make_sync(merchant, 5130, message=ARCHIVED), "override_reason": WHY}
    return make_request(merchant, state=State.FAILED, asked_by=by, **told | columns)


def test_what_fails_again_is_refused_with_what_has_to_be_fixed(merchant: Merchant, support: User) -> None:
    refused = refusal(merchant, support)
    assert (refused.sentence, refused.field) == (HELD, "override_reason")


@pytest.mark.parametrize("code", [4000, 4200, 4260, 5130])
@pytest.mark.parametrize("days", [{}, {"first": 3, "last": 2}], ids=["latest", "a range"])
def test_each_code_that_asks_for_a_fix_is_held(support: User, code: int, days: dict[str, int]) -> None:
    merchant = make_failing_merchant(code, "")
    asked = {name: a_day(merchant, NOW, ago) for name, ago in days.items()}
    assert refusal(merchant, support, **asked).field == "override_reason"


@pytest.mark.parametrize(("code", "message"), [(5000, ""), (5120, ""), (4999, "Whatever"), (4040, "")])
def test_what_may_help_now_is_not_held(support: User, code: int, message: str) -> None:
    """4040 too: both platforms are linked again."""
    merchant = make_failing_merchant(code, message)
    assert press(merchant, support, NOW, pressed(override_reason="")).is_new


def test_a_reason_why_it_helps_now_is_kept_with_the_request_and_in_the_log(
    merchant: Merchant, support: User
) -> None:
    request = press(merchant, support, NOW, pressed(override_reason=f" {WHY} ")).request
    assert request.override_reason == WHY
    assert verbs(request) == ["request.asked", "request.override"]
    entry = Activity.objects.get(verb="request.override")
    assert (entry.actor, entry.merchant, entry.reason) == (support, merchant, WHY)
    assert entry.what == "Overrode the playbook: Not until account 090 is fixed."


def test_where_nothing_was_held_nothing_was_overridden(support: User) -> None:
    request = press(make_failing_merchant(5000, ""), support, NOW, pressed(override_reason=WHY)).request
    assert (request.override_reason, verbs(request)) == ("", ["request.asked"])


def test_spaces_are_no_reason(merchant: Merchant, support: User) -> None:
    assert refusal(merchant, support, override_reason="   ").sentence == HELD


def test_what_failed_the_same_way_after_such_a_word_is_for_leads(
    merchant: Merchant, support: User, lead: User
) -> None:
    before = failed_before(merchant, support)
    refused = refusal(merchant, support, override_reason=WHY)
    ask_a_lead = "said that it helps, and it failed the same way. Ask a lead: only a lead may run it again."
    assert refused.sentence == f"You {ask_a_lead}"
    colleague = make_user("support")
    assert refusal(merchant, colleague, override_reason=WHY).sentence == f"Priya Nair {ask_a_lead}"
    assert (refused.field, refused.request) == ("override_reason", before)
    assert refusal(merchant, lead).sentence == HELD
    assert press(merchant, lead, NOW, pressed(override_reason=WHY)).is_new


def test_another_failure_or_a_success_since_opens_it_again(merchant: Merchant, support: User) -> None:
    another = make_failing_merchant(5130, "Customer is not in an Active state.")
    failed_before(another, support)
    failed_before(merchant, support, asked_at=NOW - timedelta(days=3))
    merchant.last_success_at = NOW - timedelta(days=2)
    for opened in (another, merchant):
        assert press(opened, support, NOW, pressed(override_reason=WHY)).is_new


def test_days_that_overlap_no_sync_are_what_helps_after_an_overlap(support: User) -> None:
    merchant = make_failing_merchant(5080, "")
    day = a_day(merchant, NOW, 2)
    sentence = "Only with days that do not overlap. If it helps now, say why."
    assert refusal(merchant, support).sentence == sentence
    assert press(merchant, support, NOW, pressed(day, day, override_reason="")).is_new


def test_after_a_latest_sync_that_overlapped_the_next_is_held(support: User) -> None:
    merchant = make_failing_merchant(5080, "")
    stopped = make_sync(merchant, 5080, NOW - timedelta(hours=1))
    make_request(merchant, state=State.FAILED, sync=stopped, kind="latest")
    assert refusal(merchant, support).sentence.startswith("Only with days that do not overlap.")


def test_an_entry_that_says_no_is_held_too(support: User, playbook: None) -> None:
    make_entry(pattern="sealed", rerun="no", rerun_words="")
    merchant = make_failing_merchant(5130, "The ledger is sealed")
    assert refusal(merchant, support).sentence == "A sync does not help here. If it helps now, say why."


def test_the_form_says_what_helps_before_anything_is_pressed(as_support: Client, merchant: Merchant) -> None:
    page = as_support.get(f"/merchants/{merchant.company_id}/?run=latest").text
    form = page.split('id="rerun"')[1]
    assert "<b>Not until account 090 is fixed.</b>" in form
    assert "Ask the merchant to restore account 090 in Xero" in form
    assert 'name="override_reason"' in form
    assert '<button type="submit" class="btn grow">Review Sync latest</button>' in form


def test_where_nothing_is_held_the_form_asks_for_no_such_word(as_support: Client) -> None:
    merchant = make_failing_merchant(5000, "")
    page = as_support.get(f"/merchants/{merchant.company_id}/?run=latest").text
    assert 'name="override_reason"' not in page
    assert "btn primary grow" in page


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_without_that_word_the_form_comes_back_with_the_sentence_beside_the_field(
    as_support: Client, merchant: Merchant, step: str
) -> None:
    response = send(as_support, merchant, step)
    assert response.status_code == 422
    assert HELD in response.text.split('name="override_reason"')[1]
    assert 'value="Ticket 4812"' in response.text
    assert not SyncRequest.objects.exists()


def test_a_word_is_carried_over_the_confirm_step_to_the_request(
    as_support: Client, merchant: Merchant
) -> None:
    card = send(as_support, merchant, "review", override_reason=WHY).text
    assert f'<input type="hidden" name="override_reason" value="{WHY}">' in card
    assert "override_reason=The%20merchant%20restored" in card
    assert send(as_support, merchant, "confirm", override_reason=WHY).status_code == 200
    request = SyncRequest.objects.get()
    assert f"“{WHY}”" in as_support.get(f"/requests/{request.pk}/").text
    assert "Overrode the playbook: Not until account 090 is fixed." in as_support.get("/activity/").text


def test_too_long_a_word_is_refused_with_a_sentence(as_support: Client, merchant: Merchant) -> None:
    response = send(as_support, merchant, "confirm", override_reason="x" * 501)
    assert response.status_code == 422
    assert "At most 500 letters." in response.text


def test_a_form_that_is_for_leads_says_so_to_others_only(
    as_support: Client, as_lead: Client, merchant: Merchant, support: User
) -> None:
    failed_before(merchant, support)
    address = f"/merchants/{merchant.company_id}/?run=latest"
    assert "only a lead may run it again" in as_support.get(address).text
    assert 'name="override_reason"' not in as_support.get(address).text
    assert 'name="override_reason"' in as_lead.get(address).text


def test_a_range_after_an_overlap_is_not_held_before_its_days_are_known(as_support: Client) -> None:
    merchant = make_failing_merchant(5080, "")
    address = f"/merchants/{merchant.company_id}/"
    assert 'name="override_reason"' not in as_support.get(f"{address}?run=historic").text
    assert 'name="override_reason"' in as_support.get(f"{address}?run=latest").text


def test_a_second_press_finds_the_first_ones_row(merchant: Merchant, support: User) -> None:
    ask = pressed(override_reason=WHY)
    first = asking.ask(merchant, ask, by=support, now=NOW)
    assert asking.ask(merchant, ask, by=support, now=NOW).request == first.request


def test_where_something_is_held_why_it_helps_is_the_one_question(
    as_support: Client, merchant: Merchant
) -> None:
    form = as_support.get(f"/merchants/{merchant.company_id}/?run=latest").text.split('id="rerun"')[1]
    assert "Why will it help now?" in form
    assert 'for="id_reason"' not in form
    card = send(as_support, merchant, "review", reason="", override_reason=WHY).text
    assert "<dt>Helps now, because</dt>" in card
    assert "<dt>Reason</dt>" not in card
    send(as_support, merchant, "confirm", reason=WHY, override_reason=WHY)
    request = SyncRequest.objects.get()
    assert (request.reason, request.override_reason) == (WHY, WHY)


def test_a_reason_that_was_typed_before_it_was_held_is_kept_and_is_no_word_for_it(
    as_support: Client, merchant: Merchant
) -> None:
    back = send(as_support, merchant, "confirm", reason="Ticket 4812").text
    assert '<input type="hidden" name="reason" value="Ticket 4812" id="id_reason">' in back
    assert not SyncRequest.objects.exists()
    send(as_support, merchant, "confirm", reason="Ticket 4812", override_reason=WHY)
    request = SyncRequest.objects.get()
    assert (request.reason, request.override_reason) == ("Ticket 4812", WHY)


def test_where_nothing_is_held_a_reason_is_still_required(as_support: Client) -> None:
    response = send(as_support, make_failing_merchant(5000, ""), "review", reason=" ")
    assert response.status_code == 422
    assert "Say why, in a few words." in response.text


def test_what_was_typed_as_why_it_helps_is_the_reason_once_nothing_is_held(as_support: Client) -> None:
    free = make_failing_merchant(5000, "")
    page = as_support.get(f"/merchants/{free.company_id}/?run=latest&override_reason=Half+a+sen").text
    assert re.search(r'name="reason"[^>]*value="Half a sen"|value="Half a sen"[^>]*name="reason"', page)
