"""Whatever changes on the page of one merchant, or of one request, is told by its next poll, and the one after it is
empty again."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from bench.browser import poll_after, poll_of
from syncs.codat.client import CodatClient
from syncs.models import Attempt, Connection, Delivery, Freeze, Merchant, Outage, SyncRequest, User
from syncs.models.merchant import CHECK_AT_MOST
from syncs.operations import (
    caring,
    checking,
    deliveries,
    freezing,
    heartbeats,
    log,
    notes,
    outage_hold,
    reviewing,
    silence,
)
from syncs.operations.merchants import rename
from syncs.operations.transitions import hold_back, move
from syncs.rules.states import State
from tests.alerting import make_rule
from tests.codat.server import Server
from tests.factories import (
    make_attempt,
    make_failing_merchant,
    make_merchant,
    make_outage,
    make_request,
    make_user,
)
from tests.looks import looked, row
from tests.presses import press
from tests.test_merchant_live import words
from tests.test_what_polls_cost import a_test_of_a_rule, an_import

pytestmark = pytest.mark.django_db
Change = Callable[[], object]


@pytest.fixture(autouse=True)
def noon_of_a_house_that_lives(db: None, moved: time_machine.Traveller) -> time_machine.Traveller:
    the_house_lives()
    return moved


def the_house_lives() -> None:
    for part in heartbeats.PARTS:
        heartbeats.beat(part, host="here", pid=1)


def news(client: Client, path: str, change: Change) -> str:
    """The words of the poll after this change; without one, and once it is told, a poll is empty."""
    poll = poll_of(client.get(path).text)
    assert poll
    assert client.get(poll.path, headers=poll.headers).status_code == 204
    change()
    answer = client.get(poll.path, headers=poll.headers)
    assert answer.status_code == 200
    if following := poll_after(poll, answer.text):
        assert client.get(following.path, headers=following.headers).status_code == 204
    return unescape(words(answer.text))


# The whole house


def frozen() -> object:
    return freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")


class TestOfTheHouseInTheAdmin:
    """The notices come with what is polled, and are not told again."""

    @pytest.fixture(params=[an_import, a_test_of_a_rule])
    def path(self, request: pytest.FixtureRequest) -> str:
        return str(request.param())

    def test_a_freeze_and_its_end(self, as_admin: Client, path: str) -> None:
        assert "Sending is frozen." in news(as_admin, path, frozen)
        over = news(as_admin, path, lambda: freezing.resume(now=timezone.now(), reason="It was a mistake"))
        assert "Sending is frozen." not in over

    def test_a_queue_that_does_not_answer_and_does_again(
        self, as_admin: Client, path: str, moved: time_machine.Traveller
    ) -> None:
        def no_queue() -> None:
            moved.shift(timedelta(seconds=61))
            the_house_lives()

        heartbeats.beat(heartbeats.QUEUE_TAKES)
        assert "The queue does not answer." in news(as_admin, path, no_queue)
        well = news(as_admin, path, lambda: heartbeats.beat(heartbeats.QUEUE_TAKES))
        assert "The queue does not answer." not in well

    def test_a_place_for_them_is_on_the_page_before_there_are_any(self, as_admin: Client, path: str) -> None:
        html = as_admin.get(path).text
        assert html.count('id="banners"') == 1
        assert 'id="i-snow"' in html
        poll = poll_of(html)
        assert poll
        frozen()
        answer = as_admin.get(poll.path, headers=poll.headers).text
        assert re.search(r'<section[^>]* id="banners"[^>]* hx-swap-oob="true"', answer)


@pytest.fixture(params=["merchant", "request", "queued request"])
def path(request: pytest.FixtureRequest) -> str:
    merchant = make_failing_merchant()
    if request.param == "merchant":
        return address(merchant)
    state = State.QUEUED if request.param == "queued request" else State.ACCEPTED
    return f"/requests/{make_request(merchant, state=state).pk}/"


def address(merchant: Merchant) -> str:
    return f"/merchants/{merchant.company_id}/"


class TestOfTheHouse:
    def test_a_freeze_and_its_end(self, as_lead: Client, path: str) -> None:
        assert "Sending is frozen." in news(as_lead, path, frozen)
        over = news(as_lead, path, lambda: freezing.resume(now=timezone.now(), reason="It was a mistake"))
        assert "Sending is frozen." not in over

    def test_one_stop_that_takes_the_place_of_another(self, as_lead: Client, path: str) -> None:
        frozen()

        def another() -> None:
            freezing.resume(now=timezone.now(), reason="It was a mistake")
            freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Not yet")

        assert "Not yet" in news(as_lead, path, another)

    def test_an_outage_its_numbers_its_silence_and_its_end(self, as_viewer: Client, path: str) -> None:
        assert "Codat looks down for Shopify merchants." in news(as_viewer, path, make_outage)
        standing = Outage.objects.standing()
        assert "119 of 640 failed" in news(as_viewer, path, lambda: standing.update(failed=119))
        assert "119 of 641" in news(as_viewer, path, lambda: standing.update(ran=641))
        assert "was down" in news(as_viewer, path, lambda: standing.update(try_from=timezone.now()))
        assert "was down" not in news(as_viewer, path, lambda: standing.update(ended_at=timezone.now()))

    def test_messages_that_fail_and_why(self, as_lead: Client, lead: User, path: str) -> None:
        rule = make_rule("failing", name="The desk")

        def fails_with(problem: str) -> None:
            def refuses(_: Delivery) -> None:
                raise deliveries.NotDelivered(problem)

            test = deliveries.make_test(rule, by=lead, now=timezone.now())
            deliveries.deliver(test.pk, refuses)

        first = news(as_lead, path, lambda: fails_with("The webhook answered 404."))
        assert "Alerts of “The desk” are not delivered." in first
        assert "answered 500." in news(as_lead, path, lambda: fails_with("The webhook answered 500."))
        assert "not delivered" not in news(as_lead, path, lambda: deliveries.let_off(rule))

    def test_a_clock_that_falls_silent_and_lives_again(
        self, as_viewer: Client, path: str, moved: time_machine.Traveller
    ) -> None:
        def silent() -> None:
            moved.shift(timedelta(seconds=61))
            for part in heartbeats.PARTS[1:]:
                heartbeats.beat(part, host="here", pid=1)

        assert "Sync Desk's clock is silent." in news(as_viewer, path, silent)
        assert "silent" not in news(as_viewer, path, lambda: heartbeats.beat(heartbeats.CLOCK))

    def test_an_outage_that_no_clock_follows_any_more(
        self, as_viewer: Client, path: str, moved: time_machine.Traveller
    ) -> None:
        make_outage()

        def pass_by(span: timedelta) -> None:
            moved.shift(span)
            for part in heartbeats.PARTS[1:]:
                heartbeats.beat(part, host="here", pid=1)

        pass_by(outage_hold.FOLLOWED)
        assert "Re-runs are held." in as_viewer.get(path).text
        over = news(as_viewer, path, lambda: pass_by(timedelta(seconds=1)))
        assert "Re-runs are held." not in over
        followed = news(as_viewer, path, lambda: heartbeats.beat(heartbeats.CLOCK))
        assert "Re-runs are held." in followed

    def test_codat_that_does_not_answer(self, as_viewer: Client, path: str) -> None:
        heartbeats.beat(silence.FIRST)
        assert "Codat does not answer." in news(as_viewer, path, lambda: heartbeats.beat(silence.AGAIN))


class TestOfAMerchant:
    @pytest.fixture
    def merchant(self) -> Merchant:
        return make_failing_merchant(checked_at=None)

    def test_its_name(self, as_support: Client, merchant: Merchant) -> None:
        renamed = news(as_support, address(merchant), lambda: rename(merchant, "Ebbwater", by=None))
        assert "Ebbwater" in renamed

    def test_where_it_links_its_platforms(self, as_support: Client) -> None:
        merchant = make_merchant(health="switched_off")
        one, elsewhere = Merchant.objects.filter(pk=merchant.pk), "https://link.example.com/another"
        assert elsewhere in news(as_support, address(merchant), lambda: one.update(link_url=elsewhere))

    def test_a_note_a_snooze_and_somebody_on_it(
        self, as_viewer: Client, merchant: Merchant, lead: User
    ) -> None:
        page, now = address(merchant), timezone.now()
        assert "Rang them" in news(as_viewer, page, lambda: notes.add(merchant, "Rang them", by=lead))
        on_it = {"by": lead, "note": "Mine", "now": now}
        assert "Mine" in news(as_viewer, page, lambda: caring.acknowledge(merchant, **on_it))
        until = now + timedelta(days=1)
        snooze = {"by": lead, "note": "Till Thursday", "until": until, "now": now}
        assert "Till Thursday" in news(as_viewer, page, lambda: caring.snooze(merchant, **snooze))

    def test_an_entry_of_its_activity_that_moves_nothing_else(
        self, as_viewer: Client, merchant: Merchant
    ) -> None:
        request = make_request(merchant, state=State.UNCERTAIN)
        in_vain = "Looked at Codat in vain: Codat answered 503."
        look = news(
            as_viewer, address(merchant), lambda: log.record("request.look_failed", in_vain, request=request)
        )
        assert in_vain in look

    def test_that_it_is_checked_and_that_no_answer_came(
        self, as_viewer: Client, merchant: Merchant, moved: time_machine.Traveller
    ) -> None:
        moved.shift(timedelta(minutes=1))
        checking_now = news(
            as_viewer, address(merchant), lambda: checking.check_now(merchant, timezone.now())
        )
        assert "Checking…" in checking_now
        over = news(as_viewer, address(merchant), lambda: moved.shift(CHECK_AT_MOST * 1.1))
        assert "Checking…" not in over

    def test_when_its_connections_were_seen_also_the_older_of_them(
        self, as_viewer: Client, merchant: Merchant
    ) -> None:
        earlier = timezone.now() - timedelta(hours=5)
        Connection.objects.update(seen_at=earlier)
        newer = merchant.connections.filter(side="accounting")
        seen = news(as_viewer, address(merchant), lambda: newer.update(seen_at=earlier + timedelta(hours=1)))
        assert "Checked 4 h ago" in seen

    def test_every_step_of_a_request(self, as_viewer: Client, merchant: Merchant, lead: User) -> None:
        page, made = address(merchant), []
        assert "Saved" in news(as_viewer, page, lambda: made.append(press(merchant, lead, timezone.now())))
        [request] = [each.request for each in made]
        assert "Held up" in news(as_viewer, page, lambda: held_back(request))
        sent = news(as_viewer, page, lambda: moved_to(request, State.SENDING))
        assert "One try, then we wait for the answer" in sent


def held_back(request: SyncRequest) -> bool:
    until = timezone.now() + timedelta(minutes=5)
    return hold_back(request, now=timezone.now(), until=until, why="Held up")


def moved_to(request: SyncRequest, state: State, **columns: Any) -> bool:
    return move(request, state, now=timezone.now(), what="It goes on", **columns)


class TestOfARequest:
    def test_every_step_of_its_way(self, as_viewer: Client) -> None:
        request = make_request(make_merchant())
        page = case(request)
        assert "Held up" in news(as_viewer, page, lambda: held_back(request))
        assert "One try" in news(as_viewer, page, lambda: moved_to(request, State.SENDING))
        assert "Sending this, once" in news(as_viewer, page, lambda: make_attempt(request))
        tries = Attempt.objects.filter(request=request)
        answered = {"outcome": "uncertain", "finished_at": timezone.now(), "problem": "No answer in 30 s."}
        assert "No answer in 30 s." in news(as_viewer, page, lambda: tries.update(**answered))
        later = timezone.now() + timedelta(minutes=2)
        uncertain = news(as_viewer, page, lambda: moved_to(request, State.UNCERTAIN, not_before=later))
        assert "Looking there at 13:02" in uncertain
        ended = news(as_viewer, page, lambda: moved_to(request, State.NEEDS_REVIEW))
        assert "Leads only" in ended
        lead = make_user("lead", first_name="Mei", last_name="Tanaka")
        verdict = {"by": lead, "reason": "Nothing in the books", "now": timezone.now()}
        over = news(as_viewer, page, lambda: reviewing.decide_not_run(request, **verdict))
        assert "Mei Tanaka decided" in over

    def test_a_look_in_vain_also_before_it_is_counted(self, as_viewer: Client) -> None:
        request = make_request(make_merchant(), state=State.UNCERTAIN)
        in_vain = "Looked at Codat in vain: Codat answered 503."
        look = news(
            as_viewer, case(request), lambda: log.record("request.look_failed", in_vain, request=request)
        )
        assert "Codat answered 503." in look
        one = SyncRequest.objects.filter(pk=request.pk)
        assert "1 of 6 looks are done" in news(as_viewer, case(request), lambda: one.update(looks=1))

    def test_a_sync_that_codat_lists_since(
        self, as_viewer: Client, scripted: Server, told: CodatClient, moved: time_machine.Traveller
    ) -> None:
        merchant = make_merchant(configured_at=timezone.now())
        request = make_request(merchant, state=State.NEEDS_REVIEW)
        make_attempt(request, outcome="uncertain")
        moved.shift(timedelta(minutes=1))
        at = timezone.now().isoformat()
        new = news(
            as_viewer,
            case(request),
            lambda: looked(merchant, scripted, told, row("9ab0f3d2-new", 2000, at)),
        )
        assert "Syncs seen since" in new
        assert "1 min after we sent" in new

    def test_a_sync_that_was_seen_and_is_not_read_yet(self, as_viewer: Client) -> None:
        request = make_request(make_merchant(), state=State.NEEDS_REVIEW)
        one = SyncRequest.objects.filter(pk=request.pk)
        unread = news(as_viewer, case(request), lambda: one.update(candidates=[{"sync_id": "9ab0f3d2"}]))
        assert "Codat listed 1 sync that is not read yet" in unread

    def test_a_look_without_news_that_read_the_list(
        self, as_viewer: Client, moved: time_machine.Traveller
    ) -> None:
        request = make_request(make_merchant(), state=State.NEEDS_REVIEW, state_since=timezone.now())
        moved.shift(timedelta(minutes=1))
        read = news(as_viewer, case(request), looked_without_news)
        assert "No sync of this merchant is new since" in read
        poll = poll_of(as_viewer.get(case(request)).text)
        assert poll
        moved.shift(timedelta(minutes=1))
        the_house_lives()
        looked_without_news()
        assert as_viewer.get(poll.path, headers=poll.headers).status_code == 204

    def test_what_codat_accepted_and_does_not_list(
        self, as_viewer: Client, moved: time_machine.Traveller
    ) -> None:
        request = make_request(make_merchant(), state=State.ACCEPTED, state_since=timezone.now())
        moved.shift(timedelta(minutes=3))
        missing = news(as_viewer, case(request), looked_without_news)
        assert "we do not find it in Codat's list" in missing

    def test_a_moment_that_it_names_and_midnight(
        self, as_viewer: Client, moved: time_machine.Traveller
    ) -> None:
        later = timezone.now() + timedelta(minutes=2)
        request = make_request(make_merchant(), waiting_for="A sync runs at Codat.", not_before=later)
        soon = news(as_viewer, case(request), lambda: moved.move_to(later))
        assert "Looked at again in a moment" in soon
        moved.move_to(later.replace(hour=22, minute=59))
        the_house_lives()
        tomorrow = news(as_viewer, case(request), lambda: moved.move_to(later.replace(hour=23, minute=0)))
        assert "17 Jun, 13:00" in tomorrow

    def test_its_merchants_name(self, as_viewer: Client) -> None:
        request = make_request(make_merchant())
        renamed = news(as_viewer, case(request), lambda: rename(request.merchant, "Ebbwater", by=None))
        assert "Ebbwater" in renamed


def case(request: SyncRequest) -> str:
    return f"/requests/{request.pk}/"


def looked_without_news() -> None:
    Merchant.objects.update(refreshed_at=timezone.now())
