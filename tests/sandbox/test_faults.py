"""Faults as they are set, listed and cleared, and what stands in the place of an answer."""

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.faults.kinds import KINDS
from sandbox.world import World
from tests.sandbox.faulted import asked_for, call, control, post, set_fault
from tests.sandbox.worlds import BASIC, a_merchant

# Setting, listing, clearing


def test_a_fault_is_set_listed_and_cleared(app: App, company: str) -> None:
    first = set_fault(app, "500", method="post", company_id=company.upper(), count=2)
    second = set_fault(app, "slow", {"seconds": [1, 2]}, path_regex="latest$", probability=0.5)
    assert [fault["id"] for fault in control(app, "GET", "faults")] == [first["id"], second["id"]]
    assert first["method"] == "POST"
    assert first["company_id"] == company
    assert first["args"] == {"applied": False}
    assert control(app, "DELETE", f"faults/{first['id']}") == 204
    assert [fault["fault"] for fault in control(app, "GET", "faults")] == ["slow"]
    assert control(app, "DELETE", "faults") == 204
    assert control(app, "GET", "faults") == []
    assert control(app, "DELETE", "faults/7")["statusCode"] == 404
    assert control(app, "DELETE", f"faults/{'9' * 5000}")["statusCode"] == 404


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fault": "rain"}, "There is no fault 'rain'. The faults are: slow, "),
        ({}, "There is no fault None."),
        ({"fault": "500", "companyId": "x"}, "A fault has no 'companyId'. It has: args, company_id"),
        ({"fault": "500", "args": {"seconds": 1}}, "There is no argument 'seconds' here. It takes: applied."),
        ({"fault": "slow", "args": {"seconds": "x"}}, "The argument 'seconds' is a number from 0 to 3600"),
        ({"fault": "slow", "args": {"seconds": [3, 1]}}, "or two between which one is drawn, not [3, 1]."),
        ({"fault": "slow", "args": {"seconds": True}}, "not True."),
        ({"fault": "half_close", "args": {"bytes": 1.5}}, "is a whole number from 0 to 1000000, not 1.5."),
        ({"fault": "html", "args": {"status": 502.5}}, "is a whole number from 200 to 599, not 502.5."),
        ({"fault": "slow", "args": []}, "The args of a fault are an object."),
        (
            {"fault": "no_id", "args": {"form": "odd"}},
            "is one of 'absent', 'null', 'empty', 'zeros', not 'odd'.",
        ),
        ({"fault": "foreign_sync", "args": {"start": "2026-11-20"}}, "is a moment with its zone"),
        ({"fault": "nulls", "args": {"fields": ["a", 1]}}, "is a list of texts"),
        ({"fault": "500", "method": "FETCH"}, "The method is one of DELETE, GET, PATCH, POST, PUT"),
        ({"fault": "500", "path_regex": "("}, "The path_regex cannot be read: "),
        ({"fault": "500", "path_regex": 7}, "The path_regex cannot be read: "),
        ({"fault": "500", "count": 0}, "The count is a whole number from 1 on"),
        ({"fault": "500", "count": True}, "The count is a whole number from 1 on"),
        ({"fault": "500", "probability": 0}, "The probability is a number above 0, up to 1."),
        ({"fault": "500", "probability": 1.1}, "The probability is a number above 0, up to 1."),
        ({"fault": "500", "company_id": 7}, "The company_id is a text"),
    ],
)
def test_what_is_no_fault_is_refused_with_a_sentence(app: App, given: object, sentence: str) -> None:
    refused = control(app, "POST", "faults", given)
    assert refused["statusCode"] == 400
    assert sentence in refused["error"]
    assert control(app, "GET", "faults") == []


def test_every_kind_says_what_it_does_and_takes(app: App) -> None:
    kinds = control(app, "GET", "faults/kinds")
    assert [kind["fault"] for kind in kinds] == list(KINDS)
    assert {kind["stage"] for kind in kinds} == {"world", "answer", "wire"}
    for kind in kinds:
        defaults = {name: argument["default"] for name, argument in kind["args"].items()}
        given = {name: value for name, value in defaults.items() if value is not None}
        assert set_fault(app, kind["fault"], given)["args"] == defaults


def test_it_strikes_only_what_fits(app: App, world: World, company: str) -> None:
    set_fault(app, "503", method="POST", path_regex="/latest$", company_id=company)
    other = a_merchant(world, "quiet")
    historic = f"/meta/companies/{company}/sync/commerce/historic"
    assert post(app, company).status == 503
    assert post(app, other).status == 200
    assert call(app, "POST", historic, {}).status == 400
    assert call(app, "GET", f"/companies/{company}").status == 200


def test_it_strikes_as_often_as_its_count_says(app: App, company: str) -> None:
    set_fault(app, "404", count=2)
    assert [call(app, "GET", f"/companies/{company}").status for _ in range(3)] == [404, 404, 200]
    (fault,) = control(app, "GET", "faults")
    assert (fault["fired"], fault["left"]) == (2, 0)


def test_it_strikes_as_often_as_its_probability_says(app: App, company: str) -> None:
    set_fault(app, "404", probability=0.3)
    struck = sum(call(app, "GET", f"/companies/{company}").status == 404 for _ in range(1000))
    assert 240 < struck < 360


def test_what_is_behind_the_scenes_is_never_struck(app: App) -> None:
    set_fault(app, "500")
    assert isinstance(control(app, "GET", "kinds"), list)


def test_a_request_meets_one_fault_of_each_stage(app: App, company: str) -> None:
    for fault in ("foreign_sync", "lag", "500", "503", "slow", "drip"):
        set_fault(app, fault)
    assert app.meet("POST", f"/companies/{company}/sync/commerce/latest").names == [
        "foreign_sync",
        "500",
        "slow",
    ]


# What stands in the place of an answer

STATUSES = {"500": 500, "503": 503, "408": 408, "409": 409, "429": 429, "overlap": 400}
STATUSES |= {"401": 401, "402": 402, "403": 403, "404": 404, "html": 502, "empty": 502, "redirect": 307}


@pytest.mark.parametrize(("fault", "status"), STATUSES.items())
def test_instead_of_an_answer_nothing_was_done(app: App, company: str, fault: str, status: int) -> None:
    set_fault(app, fault)
    assert post(app, company).status == status
    assert asked_for(app, company) == 0


DEFINITE = [name for name, kind in KINDS.items() if kind.definite]
PERHAPS = {name: status for name, status in STATUSES.items() if name not in DEFINITE}


def test_a_definite_no_is_never_a_lie(app: App) -> None:
    """Codat's documents leave no room for a 400 to 404 or a 429 whose request was worked on."""
    assert DEFINITE == ["429", "overlap", "401", "402", "403", "404"]
    for fault in DEFINITE:
        refused = control(app, "POST", "faults", {"fault": fault, "args": {"applied": True}})
        assert "There is no argument 'applied' here." in refused["error"]


@pytest.mark.parametrize(("fault", "status"), [*PERHAPS.items(), ("500_after", 500)])
def test_instead_of_an_answer_the_request_can_have_been_worked_on(
    app: App, company: str, fault: str, status: int
) -> None:
    set_fault(app, fault, {} if fault == "500_after" else {"applied": True})
    answer = post(app, company)
    assert answer.status == status
    assert answer.started
    assert asked_for(app, company) == 1


@pytest.mark.parametrize("fault", [name for name in STATUSES if name not in ("html", "empty", "redirect")])
def test_codats_own_errors_have_its_body(app: App, company: str, fault: str) -> None:
    set_fault(app, fault)
    body = json.loads(post(app, company).body)
    assert body["statusCode"] == STATUSES[fault]
    assert body["canBeRetried"] == "Unknown"
    assert len(body["correlationId"]) == 32


def test_a_gateway_speaks_html_and_a_redirect_leads_elsewhere(app: App, company: str) -> None:
    set_fault(app, "html", count=1)
    set_fault(app, "redirect", {"status": 302, "to": "http://127.0.0.1:1/x"})
    page, moved = post(app, company), post(app, company)
    assert page.headers["Content-Type"] == "text/html"
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert (moved.status, moved.headers["Location"]) == (302, "http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    ("value", "header"),
    [(7, "7"), (0, "0"), (-5, "-5"), (10**12, "1000000000000"), ("soon", "soon"), (None, None)],
)
def test_the_wait_of_a_429_is_what_was_set(app: App, company: str, value: object, header: str | None) -> None:
    set_fault(app, "429", {"retry_after": value})
    assert post(app, company).headers.get("Retry-After") == header


def test_the_wait_of_a_429_can_be_a_date(app: App, company: str) -> None:
    set_fault(app, "429", {"retry_after": 90, "form": "date"})
    until = parsedate_to_datetime(post(app, company).headers["Retry-After"])
    assert until - app.world.now() == timedelta(seconds=90)


@pytest.mark.parametrize(("value", "year"), [(10**12, "9999"), (-(10**12), "0001"), (0, "2026")])
def test_the_date_of_a_429_goes_as_far_as_dates_do(app: App, company: str, value: int, year: str) -> None:
    set_fault(app, "429", {"retry_after": value, "form": "date"})
    assert post(app, company).headers["Retry-After"].split()[3] == year


# Under an idempotency key

KEPT = [name for name, kind in KINDS.items() if kind.kept]


@pytest.mark.parametrize("fault", KEPT)
def test_codats_own_answer_is_given_again(app: App, company: str, fault: str) -> None:
    set_fault(app, fault, count=1)
    first, second = (post(app, company, **{"idempotency-key": "k"}) for _ in range(2))
    assert second.status == first.status
    assert second.body == first.body
    assert asked_for(app, company) == (fault == "500_after")


@pytest.mark.parametrize("fault", ["503", "408", "html", "empty", "429", "401", "409", "drop_before"])
def test_what_never_reached_codat_can_be_asked_again(app: App, company: str, fault: str) -> None:
    set_fault(app, fault, count=1)
    post(app, company, **{"idempotency-key": "k"})
    assert asked_for(app, company) == 0
    assert post(app, company, **{"idempotency-key": "k"}).status == 200
    assert asked_for(app, company) == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncated_json", "no_id", "html"])
def test_what_was_lost_on_the_way_back_is_given_again_whole(app: App, company: str, fault: str) -> None:
    set_fault(app, fault, {"applied": True} if fault == "html" else {}, count=1)
    post(app, company, **{"idempotency-key": "k"})
    again = post(app, company, **{"idempotency-key": "k"})
    assert again.status == 200
    assert json.loads(again.body)["commerceSyncId"]
    assert asked_for(app, company) == 1


def test_a_key_is_in_progress_until_its_answer_has_gone(app: App, company: str) -> None:
    set_fault(app, "slow", count=1)
    path = f"/companies/{company}/sync/commerce/latest"
    slow = Request("POST", path, path, {}, {**BASIC, "idempotency-key": "k"}, b"")
    assert app.answer(slow, app.meet("POST", path)).status == 200
    assert post(app, company, **{"idempotency-key": "k"}).status == 409
    app.finished(slow)
    assert post(app, company, **{"idempotency-key": "k"}).status == 200
    assert asked_for(app, company) == 1
