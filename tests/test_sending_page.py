"""The page Sending: whether requests go to Codat, and the switch for it; and the banner on every page."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Freeze, User
from syncs.operations import freezing
from syncs.rules.states import State
from tests.conftest import signed_in
from tests.factories import make_merchant, make_request, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
REASON = "Codat asked us to pause"


def frozen(cause: str = "person", **more: object) -> None:
    freezing.freeze(Freeze.Cause(cause), **{"now": timezone.now(), "reason": REASON} | more)  # type: ignore[arg-type]


def page(client: Client, url: str = "/sending/") -> str:
    return " ".join(unescape(client.get(url).text).split())


def test_a_lead_freezes_sending_with_a_reason_and_every_page_says_so(
    as_lead: Client, as_viewer: Client, lead: User
) -> None:
    assert "Sending is on" in page(as_lead)
    response = as_lead.post("/sending/freeze/", {"reason": REASON})
    assert response["Location"] == "/sending/"
    assert "Sending is frozen. New requests are saved and wait." in page(as_lead)
    [stop] = freezing.standing()
    assert (stop.by, stop.reason) == (lead, REASON)
    merchant = make_merchant()
    for url in ("/", "/requests/", "/activity/", "/profile/", f"/merchants/{merchant.company_id}/"):
        shown = page(as_viewer, url)
        assert f"Sending is frozen.</b> By {lead.display_name} since" in shown, url
        assert f"“{REASON}”" in shown


def test_only_who_may_resume_is_offered_it(as_lead: Client, as_support: Client) -> None:
    frozen()
    assert "Resume…</a>" in page(as_lead, "/")
    assert "Resume…" not in page(as_support, "/")
    assert "Leads only" in page(as_support)
    assert 'action="/sending/' not in page(as_support)


@pytest.mark.parametrize("what", ["freeze", "resume"])
@pytest.mark.parametrize("role", ["viewer", "support"])
def test_others_may_neither_freeze_nor_resume(role: str, what: str) -> None:
    if what == "resume":
        frozen()
    client = signed_in(make_user(role))
    response = client.post(f"/sending/{what}/", {"reason": REASON})
    assert response.status_code == 403
    assert "ask a lead to freeze or resume sending" in response.text
    assert freezing.is_frozen() == (what == "resume")


def test_a_lead_resumes_and_the_reason_is_kept(as_lead: Client) -> None:
    frozen()
    frozen("silence")
    as_lead.post("/sending/resume/", {"reason": "Codat says that it is over"})
    assert not freezing.is_frozen()
    assert "Sending is resumed." in page(as_lead)
    assert Activity.objects.latest("pk").reason == "Codat says that it is over"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Say why, in a few words: it stands on every page."),
        ("   ", "Say why, in a few words: it stands on every page."),
        ("x" * 501, "At most 500 letters."),
    ],
)
def test_without_a_reason_nothing_is_frozen_and_nothing_typed_is_lost(
    as_lead: Client, reason: str, sentence: str
) -> None:
    response = as_lead.post("/sending/freeze/", {"reason": reason})
    assert response.status_code == 422
    assert sentence in response.text
    assert reason.strip() in response.text
    assert not freezing.is_frozen()


def test_two_leads_at_once_are_told_what_was_first(as_lead: Client) -> None:
    frozen()
    as_lead.post("/sending/freeze/", {"reason": "again"})
    assert "Sending was frozen by somebody already." in page(as_lead)
    as_lead.post("/sending/resume/")
    as_lead.post("/sending/resume/")
    assert "Sending was resumed already." in page(as_lead)


def test_what_is_under_way_is_counted(as_lead: Client) -> None:
    for state, count in (
        (State.QUEUED, 3),
        (State.SENDING, 2),
        (State.UNCERTAIN, 1),
        (State.NEEDS_REVIEW, 4),
    ):
        for _ in range(count):
            make_request(make_merchant(), state=state)
    make_request(make_merchant(), state=State.SUCCEEDED)
    shown = page(as_lead)
    for words, count in (
        ("waiting to be sent", 3),
        ("call them back", 2),
        ("an answer yet", 1),
        ("a person", 4),
    ):
        assert f'{words}</dt> <dd class="num">{count}</dd>' in shown.replace("</div>", ""), words


def test_one_that_came_by_itself_says_how_it_ends(as_lead: Client) -> None:
    now = timezone.now()
    freezing.freeze(
        Freeze.Cause.SILENCE, now=now, reason="Three requests in a row got no answer that we can trust"
    )
    assert "It goes on by itself when Codat answers; then one request at a time" in page(as_lead)
    assert "Sending goes on by itself when Codat answers." in page(as_lead, "/")
    assert "Resume now…" in page(as_lead, "/")


def test_one_on_trial_says_when_the_next_is_tried(as_lead: Client) -> None:
    now = datetime(2026, 6, 17, 12, tzinfo=UTC)
    frozen("silence", now=now, pause=timedelta(minutes=8))
    # One o'clock in London, where the reader is.
    next_one = "One more is tried when Codat answers a read after 13:08"
    with time_machine.travel(now + timedelta(minutes=1)):
        assert f"{next_one}, and so on until one is answered." in page(as_lead)
        assert f"New requests are saved and wait. {next_one}." in page(as_lead, "/")


def test_only_what_nothing_else_holds_back_goes_when_sending_is_resumed(as_lead: Client) -> None:
    frozen()
    assert "No request is waiting." in page(as_lead)
    later = timezone.now() + timedelta(minutes=2)
    make_request(make_merchant(), not_before=later, waiting_for="Xero is not linked.")
    shown = page(as_lead)
    assert "as soon as you resume" not in shown
    assert "1 saved request waits for something else first." in shown
    make_request(make_merchant(), not_before=later, waiting_for=freezing.FROZEN)
    make_request(make_merchant(), not_before=timezone.now() - timedelta(minutes=1))
    shown = page(as_lead)
    assert "2 saved requests go to Codat as soon as you resume. 1 saved request waits" in shown
    assert "One that has waited for over an hour is cancelled instead." in shown


def test_after_a_restored_backup_the_verdicts_come_first(as_lead: Client) -> None:
    frozen("restore")
    make_request(make_merchant(), state=State.NEEDS_REVIEW)
    assert "1 request still waits for a verdict. Decide them before you resume." in page(as_lead)
    assert "What was asked before is not sent: a lead decides." in page(as_lead, "/")


def test_readyz_says_it_without_the_reason_and_stays_as_ready_as_it_was(client: Client) -> None:
    before = client.get("/readyz").status_code
    frozen()
    response = client.get("/readyz")
    assert response.json()["checks"]["sending"].startswith("Frozen since ")
    assert REASON not in response.text
    assert response.status_code == before


def test_the_address_of_the_switch_leads_back_to_the_page(as_lead: Client) -> None:
    assert as_lead.get("/sending/freeze/")["Location"] == "/sending/"
    assert as_lead.get("/sending/resume/")["Location"] == "/sending/"
