"""The page of what needs a person: the evidence for each request, and who may decide."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import SyncRequest, User
from syncs.rules.states import State
from tests.cases import bare, new_sync, not_read_since, stuck
from tests.factories import make_attempt, make_merchant, make_request, make_sync, make_user
from tests.presses import stored

pytestmark = pytest.mark.django_db


def shown(client: Client, query: str = "") -> str:
    response = client.get(f"/requests/review/{query}")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.text).replace("&#x27;", "'")


def rows(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li id="r-(\d+)"', page)]


def test_all_that_need_a_person_stand_there_oldest_first_and_nothing_else(as_viewer: Client) -> None:
    new, old = stuck(minutes_ago=40), stuck(minutes_ago=4000)
    for state in State:
        if state != State.NEEDS_REVIEW:
            make_request(make_merchant(), state=state)
    page = shown(as_viewer)
    assert rows(page) == [old.pk, new.pk]
    assert "2 requests" in page


def test_a_row_tells_who_asked_for_what_why_it_is_here_and_what_came_back(
    as_viewer: Client, support: User
) -> None:
    request = stuck("Cobalt & Coffee", asked_by=support, reason="Ticket <4812>")
    page = shown(as_viewer)
    sent = timezone.localtime(request.attempts.get().started_at)
    for words in (
        "Cobalt &amp; Coffee",
        "Priya Nair",
        "“Ticket &lt;4812&gt;”",
        "Re-run",
        f"{sent:%H:%M:%S}.</span></b> No answer in 30 s.",
        "Codat lists nothing new since; its list was read",
        "Came here <time",
        "looking at Codat did not prove whether it ran.",
        f"correlation-{request.pk}",
    ):
        assert words in page


def test_a_candidate_is_shown_with_its_result_and_time_to_everybody(
    as_viewer: Client, as_lead: Client
) -> None:
    new_sync(stuck(), 2040, sync_id="9ab0f3d2-61c4-0000")
    for client in (as_viewer, as_lead):
        page = shown(client)
        assert "Codat lists 1 sync that is new since." in page
        assert "9ab0f3d2…0000" in page
        assert "Synced, no sales" in page
        assert "2 s after we sent" in page


def test_a_sync_that_codat_calls_another_one_is_shown_and_not_offered(as_lead: Client) -> None:
    request = stuck("Cobalt Coffee", commerce_sync_id="ours")
    other = new_sync(request, sync_id="9ab0f3d2-other", commerce_sync_id="somebody-elses")
    for path in ("/requests/review/", f"/requests/{request.pk}/"):
        page = as_lead.get(path).text
        assert "9ab0f3d2" in page
        assert "Codat says that this is another sync" in page
        assert f'value="ran:{other.pk}"' not in page
        assert 'name="sync"' not in page
        assert "not read yet" not in page
        assert "nothing new since" not in page
        assert "No sync of this merchant is new since" not in page
    picked = {"verdict": "ran", "sync": other.pk, "reason": "x"}
    refused = as_lead.post(f"/requests/{request.pk}/verdict/", picked)
    assert refused.status_code == 422
    assert "Codat says that this is another sync" in refused.text
    assert stored(request).state == "needs_review"


def test_of_very_many_candidates_the_rest_is_left_to_the_requests_own_page(as_lead: Client) -> None:
    request = stuck()
    for _ in range(7):
        new_sync(request)
    page = shown(as_lead)
    assert page.count("It ran:") == 5
    assert "2 more syncs on its own page" in page


def test_without_an_attempt_it_is_said_that_nobody_knows_whether_it_was_sent(as_lead: Client) -> None:
    request = bare(waiting_for="The database was restored from a backup.")
    make_sync(request.merchant, 2000, timezone.now())
    page = shown(as_lead)
    assert "Whether this was sent is not known here." in page
    assert "after the press" in page
    assert "Sent once" not in page


def test_what_codat_accepted_is_told_so(as_viewer: Client) -> None:
    request = bare(waiting_for="Codat accepted it, then no result for 24 h.")
    make_attempt(request, outcome="accepted", finished_at=timezone.now())
    page = shown(as_viewer)
    assert "Sent once, " in page
    assert "Codat accepted it." in page
    assert "Codat lists nothing new" not in page


@pytest.mark.usefixtures("moved")
def test_requests_that_probably_fell_into_one_outage_are_told_as_such(as_viewer: Client) -> None:
    for minutes_ago in (300, 50, 45):
        stuck(minutes_ago=minutes_ago)
    assert "one outage" not in shown(as_viewer)
    stuck(minutes_ago=38)
    for _ in range(3):
        stuck(minutes_ago=5)
    told = '3 requests probably fell into one outage</b>, <span class="num">17 Jun, 12:10 – 12:22</span>'
    assert told in shown(as_viewer)
    assert '<span class="num">17 Jun, 12:55</span>' in shown(as_viewer)


class TestRoles:
    @pytest.mark.parametrize("role", ["viewer", "support"])
    def test_others_see_the_evidence_and_who_may_decide(
        self, role: str, lead: User, request: pytest.FixtureRequest
    ) -> None:
        stuck("Cobalt Coffee")
        client = request.getfixturevalue(f"as_{role}")
        page = shown(client)
        assert "Cobalt Coffee" in page
        assert "Leads decide: Mei Tanaka." in page
        assert not re.search(r'<form[^>]*review|name="(tick|verdict|reason|row)', page)

    @pytest.mark.parametrize("role", ["lead", "admin"])
    def test_leads_see_the_form(self, role: str, request: pytest.FixtureRequest) -> None:
        stuck()
        assert 'name="reason"' in shown(request.getfixturevalue(f"as_{role}"))

    @pytest.mark.parametrize("step", ["", "confirm/", "save/"])
    @pytest.mark.parametrize("role", ["viewer", "support"])
    def test_only_leads_decide(self, role: str, step: str, request: pytest.FixtureRequest) -> None:
        waiting = stuck()
        data = {"row": waiting.pk, f"verdict-{waiting.pk}": "not_run", "reason": "x"}
        response = request.getfixturevalue(f"as_{role}").post(f"/requests/review/{step}", data)
        assert response.status_code == 403
        assert "Leads only" in response.text
        assert SyncRequest.objects.get(pk=waiting.pk).state == "needs_review"

    @pytest.mark.parametrize("step", ["", "confirm/", "save/"])
    def test_nobody_sees_it_without_signing_in(self, client: Client, db: None, step: str) -> None:
        assert client.get(f"/requests/review/{step}")["Location"].startswith("/sign-in/")

    def test_many_leads_are_counted_rather_than_named(self, as_viewer: Client) -> None:
        stuck()
        for number in range(11):
            make_user("lead", f"lead-{number:02}")
        page = shown(as_viewer)
        assert "lead-07 and 3 more." in page
        assert "lead-08" not in page


class TestTicks:
    def test_no_verdict_is_chosen_and_nothing_ticked_beforehand(self, as_lead: Client) -> None:
        new_sync(stuck())
        stuck()
        assert not re.search(r"<input[^>]*checked", shown(as_lead))

    def test_only_where_nothing_speaks_against_it_is_there_a_box(self, as_lead: Client) -> None:
        plain, seen, unread = stuck(), stuck(), stuck()
        new_sync(seen)
        not_read_since(unread)
        page = shown(as_lead)
        assert re.findall(r'name="tick-(\d+)"', page) == [str(plain.pk)]
        assert 'id="common"' in page
        plain.attempts.update(outcome="accepted")
        assert 'id="common"' not in shown(as_lead)

    def test_a_link_ticks_them_all_where_there_is_no_script(self, as_lead: Client) -> None:
        one, two, seen = stuck(), stuck(), stuck()
        new_sync(seen)
        page = shown(as_lead)
        assert '<a class="link" href="?tick=all">Tick all 2 where Codat lists nothing new</a>' in page
        ticked = re.findall(r'name="tick-(\d+)" checked', shown(as_lead, "?tick=all"))
        assert sorted(map(int, ticked)) == [one.pk, two.pk]


class TestAddresses:
    def test_pages_go_by_key(self, as_lead: Client) -> None:
        waiting = [stuck(minutes_ago=100 - number).pk for number in range(53)]
        first = shown(as_lead)
        assert rows(first) == waiting[:50]
        assert "50 of 53 requests" in first
        later = re.search(r'href="(\?after=[^"]+)" rel="next"', first)[1]
        assert rows(shown(as_lead, later)) == waiting[50:]

    @pytest.mark.parametrize(
        "query", ["?after=x", "?before=eyJhIjogMX0", "?tick=nonsense", "?after=%00&before=%F0%9F"]
    )
    def test_an_odd_address_is_no_error(self, as_lead: Client, query: str) -> None:
        request = stuck()
        assert rows(shown(as_lead, query)) == [request.pk]

    @pytest.mark.parametrize("step", ["confirm/", "save/"])
    def test_a_step_that_is_only_looked_at_leads_back(self, as_lead: Client, step: str) -> None:
        assert as_lead.get(f"/requests/review/{step}")["Location"] == "/requests/review/"

    def test_the_requests_page_leads_there_with_the_number_of_all(self, as_viewer: Client) -> None:
        assert "/requests/review/" not in as_viewer.get("/requests/").text
        stuck()
        assert "Review it…" in as_viewer.get("/requests/").text
        for _ in range(21):
            stuck()
        assert "Review all 22…" in as_viewer.get("/requests/").text

    def test_a_case_leads_back_there(self, as_viewer: Client) -> None:
        page = as_viewer.get(f"/requests/{stuck().pk}/").text
        assert '<a href="/requests/review/">Needs a person</a>' in page

    def test_nothing_waits_is_said_in_words(self, as_lead: Client) -> None:
        assert "Nothing needs a person." in shown(as_lead)


@pytest.mark.parametrize("role", ["viewer", "lead"])
def test_the_number_of_queries_does_not_grow_with_the_rows(role: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(f"as_{role}")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(client)
        return len(queries)

    def add(number: int) -> None:
        for _ in range(number):
            stuck(asked_by=make_user())
            new_sync(stuck())
            bare()

    add(1)
    with_few = count()
    add(12)
    assert count() == with_few
    assert with_few < 20
