"""All that Codat's support needs, as one text; and the buttons of the steps that lead there."""

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import User
from syncs.rules import playbook
from syncs.rules.playbook import Diagnosis
from syncs.rules.states import State
from syncs.views import next_steps
from syncs.views.for_codat import text_of
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
AT = datetime(2026, 11, 21, 8, 40, 6, tzinfo=UTC)


def test_it_names_company_connections_syncs_requests_and_codats_own_answer(
    as_viewer: Client, support: User
) -> None:
    merchant = make_merchant(name="Müller & Søn <Ltd>")
    raw = {"syncId": "sync-1", "errorMessage": "Account 090 <archived>"}
    window = {
        "window_start": datetime(2026, 11, 1, tzinfo=UTC),
        "window_finish": datetime(2026, 11, 21, tzinfo=UTC),
        "window_known": "answered",
    }
    make_sync(merchant, 5130, AT, "Account 090 <archived>", sync_id="sync-1", raw=raw, **window)
    make_request(
        merchant, state=State.REJECTED, asked_by=support, reason="Ticket 4812", correlation_id="corr-7"
    )
    answer = as_viewer.get(f"/merchants/{merchant.company_id}/for-codat/")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    text = answer.content.decode()
    assert "Sync for Commerce: Müller & Søn <Ltd>" in text
    assert f"Company ID: {merchant.company_id}" in text
    for connection in merchant.connections.all():
        assert f"{connection.platform_name}, Linked, {connection.codat_id}" in text
    assert "- 2026-11-21 08:40:06  5130" in text
    assert "Covers 2026-11-01 00:00 to 2026-11-21 00:00 (as Codat answered)" in text
    assert "dataPushed: false" in text
    assert '"errorMessage": "Account 090 <archived>"' in text
    assert "correlationId: corr-7" in text


def test_of_one_that_fails_it_tells_since_when_and_for_how_many_days(as_viewer: Client) -> None:
    merchant = make_failing_merchant()
    text = as_viewer.get(f"/merchants/{merchant.company_id}/for-codat/").content.decode()
    assert f"Failing since: {merchant.failing_since}" in text
    assert "Failed days in a row: 20" in text


def test_it_names_no_colleague_and_no_reason(as_viewer: Client, support: User) -> None:
    merchant = make_merchant()
    make_request(merchant, state=State.REJECTED, asked_by=support, reason="Mrs Miller rang")
    text = as_viewer.get(f"/merchants/{merchant.company_id}/for-codat/").content.decode()
    assert support.display_name not in text
    assert "Miller" not in text


def test_its_times_are_in_utc_whoever_reads_it(as_viewer: Client) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    merchant = make_merchant()
    make_sync(merchant, 5000, AT)
    text = as_viewer.get(f"/merchants/{merchant.company_id}/for-codat/").content.decode()
    assert "2026-11-21 08:40:06" in text


def test_a_merchant_of_whom_nothing_is_known_has_one_too(as_viewer: Client) -> None:
    merchant = make_merchant(commerce=None, accounting=None, last_success_at=None, time_zone="")
    text = as_viewer.get(f"/merchants/{merchant.company_id}/for-codat/").content.decode()
    assert "Last success: none known" in text
    assert text.count("- none") == 2


def test_an_answer_of_great_length_is_cut_off() -> None:
    merchant = make_merchant()
    make_sync(merchant, 5000, raw={"errorMessage": "x" * 100_000})
    assert len(text_of(merchant, timezone.now())) < 9_000


def test_it_takes_few_queries_however_much_there_is(django_assert_num_queries: object) -> None:
    merchant = make_merchant()
    for _ in range(30):
        make_sync(merchant, 5000)
        make_request(merchant, state=State.REJECTED)
    with django_assert_num_queries(4):  # type: ignore[operator]
        text_of(merchant, timezone.now())


def test_it_is_for_those_who_are_signed_in_and_of_merchants_that_are_here(
    client: Client, as_viewer: Client
) -> None:
    path = f"/merchants/{make_merchant().company_id}/for-codat/"
    assert Client().get(path).status_code == 302
    assert as_viewer.get(f"/merchants/{uuid.uuid4()}/for-codat/").status_code == 404


def diagnosis(*steps: str, message: str = "Hello") -> Diagnosis:
    return replace(playbook.disconnected(None, "Shopify", "Xero"), steps=steps, message=message)


def test_each_step_has_the_button_that_does_it() -> None:
    steps = next_steps.of(
        diagnosis(
            "Look at the connections.",
            "Ask the merchant to restore the account.",
            "When they confirm, re-run since last success.",
            "If it fails again, send Codat's support the company ID. Do not re-run it.",
        ),
        may_ask=True,
    )
    assert [step.does for step in steps] == ["", "message", "fill", "codat"]
    assert steps[2].query == "run=latest"


def test_where_the_playbook_asks_for_other_days_the_step_opens_a_range() -> None:
    told = replace(diagnosis("Re-run a range that overlaps no sync."), fixed_by="other_days")
    assert [step.query for step in next_steps.of(told, may_ask=True)] == ["run=historic"]


def test_a_button_stands_once_and_none_fills_a_form_that_is_not_there() -> None:
    twice = diagnosis("Ask the merchant one thing.", "Ask the merchant another.", "Re-run it.")
    assert [step.does for step in next_steps.of(twice, may_ask=False)] == ["message", "", ""]


def test_the_message_carries_the_link_that_it_names() -> None:
    told = diagnosis(message="Please open the link below and connect again.")
    assert next_steps.message(told, "https://link.example.com/x").endswith("\n\nhttps://link.example.com/x")
    assert next_steps.message(told, "") == told.message
    assert next_steps.message(diagnosis(), "https://link.example.com/x") == "Hello"
    assert next_steps.message(None, "") == ""


def test_the_page_of_a_failing_merchant_has_them(as_support: Client) -> None:
    merchant = make_failing_merchant()
    html = as_support.get(f"/merchants/{merchant.company_id}/").text
    assert "Copy message" in html
    assert re.search(r'href="[^"]*\?run=latest#rerun"[^>]*><svg.*?</svg>Use Sync latest', html)
    assert f'href="/merchants/{merchant.company_id}/for-codat/" data-copy-from' in html


def test_what_codat_sent_of_a_sync_is_a_file_too(as_viewer: Client) -> None:
    merchant = make_merchant()
    raw = {"syncId": "sync-1", "errorMessage": "Konto „Übertrag“ <fehlt>"}
    sync = make_sync(merchant, 5130, AT, "Konto", sync_id="sync-1", raw=raw)
    answer = as_viewer.get(f"/merchants/{merchant.company_id}/syncs/{sync.pk}.json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="sync-{sync.pk}.json"'
    assert answer.json() == raw


def test_of_another_merchants_sync_there_is_no_file(as_viewer: Client) -> None:
    sync = make_sync(make_merchant())
    address = f"/merchants/{make_merchant().company_id}/syncs/{sync.pk}.json"
    assert as_viewer.get(address).status_code == 404
    assert Client().get(address).status_code == 302
