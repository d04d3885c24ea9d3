"""From ticks and choices over the confirm step to what was saved: nothing is lost, and nothing is said unseen."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.forms.verdicts import MOST_AT_ONCE
from syncs.models import Activity, SyncRequest, User
from syncs.operations import reviewing
from syncs.rules.states import State
from tests.cases import evidence, new_sync, not_read_since, stuck, verdict
from tests.factories import make_merchant, make_request, make_user
from tests.presses import stored

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
REASON = "Codat incident of 06:10"


def filled(*requests: SyncRequest, reason: str = REASON, **more: Any) -> dict[str, Any]:
    """The form of these requests, with what they show now."""
    shown = {f"seen-{request.pk}": evidence(request).seen for request in requests}
    return {"row": [request.pk for request in requests], "reason": reason, **shown, **more}


def ticked(*requests: SyncRequest, **more: Any) -> dict[str, Any]:
    return filled(*requests, **{f"tick-{request.pk}": "on" for request in requests}, common="on", **more)


def choice(request: SyncRequest, value: str = "not_run") -> dict[str, str]:
    return {f"verdict-{request.pk}": value}


def post(client: Client, step: str, data: dict[str, Any], status: int = 200) -> str:
    response = client.post(f"/requests/review/{step}", data)
    assert response.status_code == status, response.text
    return re.sub(r"\s+", " ", response.text).replace("&#x27;", "'")


def hidden(page: str) -> dict[str, Any]:
    """What the confirm step sends on when its button is pressed."""
    form = re.search(r'<form class="card".*?</form>', page)[0]
    pairs = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    rows = [value for name, value in pairs if name == "row"]
    return {name: value for name, value in pairs if name != "csrfmiddlewaretoken"} | {"row": rows}


def nothing_is_saved() -> bool:
    return not Activity.objects.filter(what__startswith="Decided").exists()


def test_the_ticked_get_the_common_verdict_and_a_choice_of_its_own_goes_first(
    as_lead: Client, lead: User
) -> None:
    one, two, ran = stuck("One"), stuck("Two"), stuck("Ran")
    sync = new_sync(ran, sync_id="9ab0f3d2-61c4-0000")
    data = ticked(one, two) | filled(one, two, ran) | choice(ran, f"ran:{sync.pk}")
    page = post(as_lead, "confirm/", data)
    assert "Decide these 3 requests together?" in page
    assert "Save 3 verdicts</button>" in page
    sentence = "1 takes the result of the sync named here, 2 end as “Never ran”; nothing is sent by this."
    assert f"<b>3 requests get your verdict, with your name and this reason:</b> {sentence}" in page
    assert REASON in page
    assert nothing_is_saved()
    page = post(as_lead, "save/", hidden(page))
    assert "3 of 3 verdicts saved" in page
    assert [stored(request).state for request in (one, two, ran)] == ["not_run", "not_run", "succeeded"]
    assert {entry.reason for entry in Activity.objects.filter(actor=lead)} == {REASON}


def test_a_choice_needs_no_tick(as_lead: Client) -> None:
    request = stuck()
    assert "Decide this request?" in post(as_lead, "confirm/", filled(request, **choice(request)))


def test_what_is_left_open_stays_so_though_it_is_ticked(as_lead: Client) -> None:
    one, left = stuck(), stuck()
    page = post(as_lead, "confirm/", ticked(one, left, **choice(left, "open")))
    assert "Decide 1 of these 2 requests?" in page
    assert "nothing is sent by this. 1 stays open." in page
    post(as_lead, "save/", hidden(page))
    assert (stored(one).state, stored(left).state) == ("not_run", "needs_review")


class TestNothingRanThoughSomethingSpeaksAgainstIt:
    @pytest.fixture(params=["new", "unread", "accepted", "not read"])
    def doubtful(self, request: pytest.FixtureRequest) -> SyncRequest:
        doubtful = stuck("Doubtful")
        if request.param == "new":
            new_sync(doubtful)
        if request.param == "unread":
            SyncRequest.objects.update(candidates=[{"sync_id": "unread", "code": 1000}])
        if request.param == "accepted":
            doubtful.attempts.update(outcome="accepted")
        if request.param == "not read":
            not_read_since(doubtful)
        return doubtful

    def test_the_common_verdict_is_not_for_it(self, as_lead: Client, doubtful: SyncRequest) -> None:
        page = post(as_lead, "confirm/", ticked(doubtful, stuck()), 422)
        assert "Choose at this one itself." in page
        assert f'<a class="link" href="#r-{doubtful.pk}">Doubtful</a>: see there.' in page

    def test_it_is_chosen_by_itself_and_confirmed_by_itself(
        self, as_lead: Client, doubtful: SyncRequest
    ) -> None:
        page = post(as_lead, "confirm/", filled(doubtful, **choice(doubtful)))
        assert "1 of them ends as “Never ran” although something speaks against it." in page
        again = post(as_lead, "save/", hidden(page), 422)
        assert "Tick that you looked at them yourself, or go back." in again
        assert nothing_is_saved()
        post(as_lead, "save/", hidden(again) | {"looked": "on"})
        assert stored(doubtful).state == "not_run"

    def test_what_came_after_the_page_is_looked_at_anew(self, as_lead: Client) -> None:
        request, other = stuck(), stuck()
        data = filled(request, other, **choice(request), **choice(other))
        new_sync(request)
        page = post(as_lead, "confirm/", data, 422)
        assert reviewing.LOOK_AGAIN in page
        assert re.findall(r'name="verdict-(\d+)" value="not_run" checked', page) == [str(other.pk)]

    def test_what_came_after_the_confirm_step_refuses_that_one_and_saves_the_others(
        self, as_lead: Client
    ) -> None:
        request, other = stuck("Changed"), stuck()
        confirmed = hidden(post(as_lead, "confirm/", ticked(request, other)))
        new_sync(request)
        page = post(as_lead, "save/", confirmed, 422)
        assert "1 of 2 verdicts saved" in page
        assert f"Not saved. {reviewing.LOOK_AGAIN}" in page
        assert "Still to decide" in page
        assert f'value="{REASON}"' in page
        assert (stored(request).state, stored(other).state) == ("needs_review", "not_run")
        assert f'name="seen-{request.pk}" value="{evidence(request).seen}"' in page


class TestMeanwhile:
    def decided(self, request: SyncRequest, by: User) -> None:
        reviewing.decide_many([verdict(request)], by=by, reason="first", now=timezone.now())

    def test_what_a_colleague_decided_is_told_and_the_rest_saved(self, as_lead: Client) -> None:
        ours, theirs = stuck("Ours"), stuck("Theirs")
        confirmed = hidden(post(as_lead, "confirm/", ticked(ours, theirs)))
        self.decided(theirs, make_user("lead", first_name="Ada", last_name="Okafor"))
        page = post(as_lead, "save/", confirmed)
        assert "1 of 2 verdicts saved" in page
        assert "Ada Okafor decided it meanwhile. Yours was not saved." in page
        assert stored(theirs).result.endswith("decided: first")

    def test_a_second_press_saves_nothing_twice_and_says_so(self, as_lead: Client) -> None:
        request = stuck()
        confirmed = hidden(post(as_lead, "confirm/", ticked(request)))
        post(as_lead, "save/", confirmed)
        page = post(as_lead, "save/", confirmed)
        assert "0 of 1 verdict saved" in page
        assert "You had decided it before. Nothing was changed." in page
        assert request.activity.filter(verb="request.not_run").count() == 1

    def test_codats_own_result_is_told(self, as_lead: Client) -> None:
        request = stuck()
        data = ticked(request)
        SyncRequest.objects.filter(pk=request.pk).update(
            state=State.SUCCEEDED,
            sync=new_sync(request),
            finished_at=timezone.now(),
            result="Finished: synced 1 day",
        )
        page = post(as_lead, "confirm/", data)
        assert "It no longer waits for a verdict. Yours was not saved." in page
        assert "Finished: synced 1 day" in page
        assert "Nothing is left to save." in page

    def test_it_is_told_beside_what_else_is_to_mend(self, as_lead: Client) -> None:
        ours, theirs = stuck(), stuck()
        data = ticked(ours, theirs, reason="")
        self.decided(theirs, make_user("lead", first_name="Ada"))
        page = post(as_lead, "confirm/", data, 422)
        assert "Ada decided it meanwhile." in page
        assert "Say why, in a few words." in page


class TestWhatWillNotDo:
    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"reason": " "}, "Say why, in a few words."),
            ({"reason": "x" * 501}, "At most 500 letters. These are 501."),
            ({"common": ""}, "1 ticked request has no verdict yet. Choose it here, or at each of them."),
        ],
    )
    def test_the_sentence_stands_there_and_the_form_as_it_was(
        self, as_lead: Client, more: dict[str, str], sentence: str
    ) -> None:
        request, other = stuck(), stuck()
        sync = new_sync(other)
        data = ticked(request) | filled(request, other) | choice(other, f"ran:{sync.pk}") | more
        for step in ("confirm/", "save/"):
            page = post(as_lead, step, data, 422)
            assert "<b>Nothing was saved.</b>" in page
            assert sentence in page
            assert f'name="tick-{request.pk}" checked' in page
            assert f'value="ran:{sync.pk}" checked' in page
            assert f'value="{data["reason"]}"' in page
        assert nothing_is_saved()

    @pytest.mark.parametrize(
        "data", [{}, {"row": ["x", "-1", "9" * 40, "\0"]}, {"row": ["999999"], "tick-999999": "on"}]
    )
    def test_nothing_chosen(self, as_lead: Client, data: dict[str, Any]) -> None:
        for step in ("confirm/", "save/"):
            assert "Nothing is chosen yet." in post(as_lead, step, data | {"reason": REASON}, 422)

    @pytest.mark.parametrize("value", ["ran:0", "ran:x", "ran:", "perhaps", "\0"])
    def test_a_choice_that_is_none(self, as_lead: Client, value: str) -> None:
        request = stuck()
        page = post(as_lead, "confirm/", filled(request, **choice(request, value)), 422)
        assert "That sync cannot be the one. Choose again." in page

    def test_a_sync_of_another_merchant(self, as_lead: Client) -> None:
        request, other = stuck(), stuck()
        foreign = new_sync(other)
        page = post(as_lead, "save/", filled(request, **choice(request, f"ran:{foreign.pk}")), 422)
        assert "That sync cannot be the one. Choose again." in page
        assert nothing_is_saved()

    def test_a_request_that_was_never_in_review(self, as_lead: Client) -> None:
        queued = make_request(make_merchant())
        data = {"row": [queued.pk], **choice(queued), "reason": REASON}
        assert "It no longer waits for a verdict." in post(as_lead, "save/", data)
        assert stored(queued).state == "queued"

    def test_more_than_a_page_at_once(self, as_lead: Client) -> None:
        requests = [stuck() for _ in range(2)]
        data = ticked(*requests) | {
            "row": [*(each.pk for each in requests), *range(10**6, 10**6 + MOST_AT_ONCE)]
        }
        page = post(as_lead, "save/", data, 422)
        assert f"At most {MOST_AT_ONCE} requests are decided in one go." in page
        assert nothing_is_saved()


def test_going_back_shows_the_page_as_it_was_filled_in(as_lead: Client) -> None:
    one, ran, left = stuck(), stuck(), stuck()
    sync = new_sync(ran)
    data = ticked(one) | filled(one, ran, left) | choice(ran, f"ran:{sync.pk}") | choice(left, "open")
    page = post(as_lead, "", hidden(post(as_lead, "confirm/", data)))
    assert f'value="ran:{sync.pk}" checked' in page
    for request, value in ((one, "not_run"), (left, "open")):
        assert f'name="verdict-{request.pk}" value="{value}" checked' in page
    assert f'value="{REASON}"' in page
    assert "Nothing was saved" not in page


def test_what_others_wrote_is_never_markup(as_lead: Client) -> None:
    request = stuck("<b>Shop</b>", reason="<script>x</script>")
    data = ticked(request, reason="<img src=x>")
    confirm = post(as_lead, "confirm/", data)
    saved = post(as_lead, "save/", data)
    for page in (confirm, saved):
        for markup in ("<b>Shop", "<script>x", "<img src=x"):
            assert markup not in page
