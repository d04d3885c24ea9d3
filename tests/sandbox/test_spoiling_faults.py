"""Faults that spoil a true answer, and those that meddle with the world around it."""

import json
from typing import Any

import pytest

from sandbox.app import App
from tests.sandbox.faulted import asked_for, call, post, set_fault, told
from tests.sandbox.worlds import StoppedClock


def latest_body(app: App, company: str, fault: str, args: dict[str, Any] | None = None) -> Any:
    set_fault(app, fault, args)
    return told(app, company, "syncs/latest/status")


def test_truncated_json_is_cut_off(app: App, company: str) -> None:
    set_fault(app, "truncated_json", {"keep": 0.5})
    body = post(app, company).body
    assert body.startswith(b'{"syncDateRangeUtc"')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(body)


def test_another_companys_id_is_one_that_exists(app: App, company: str) -> None:
    other = latest_body(app, company, "wrong_company")["companyId"]
    assert other != company
    app.faults.clear()
    assert call(app, "GET", f"/companies/{other}").status == 200


@pytest.mark.parametrize(
    ("form", "value"), [("null", None), ("empty", ""), ("zeros", "00000000-0000-0000-0000-000000000000")]
)
def test_an_id_can_be_nothing(app: App, company: str, form: str, value: object) -> None:
    assert latest_body(app, company, "no_id", {"form": form})["syncId"] == value


def test_an_id_can_be_absent_from_each_row_of_a_list_and_from_a_post(app: App, company: str) -> None:
    set_fault(app, "no_id")
    assert not any("syncId" in row for row in told(app, company))
    assert "commerceSyncId" not in json.loads(post(app, company).body)


def test_a_code_can_be_a_text_with_a_comma(app: App, company: str) -> None:
    true_code = told(app, company, "syncs/latest/status")["syncStatusCode"]
    assert latest_body(app, company, "text_for_code")["syncStatusCode"] == f"{true_code},"
    app.faults.clear()
    assert latest_body(app, company, "text_for_code", {"code": 4200})["syncStatusCode"] == "4200,"


def test_an_object_can_come_as_a_list_and_a_list_as_an_object(app: App, company: str) -> None:
    rows = told(app, company)
    set_fault(app, "object_for_list", count=1)
    assert told(app, company) == {"results": rows}
    set_fault(app, "object_for_list", {"form": "first"}, count=1)
    assert told(app, company) == rows[0]
    for form, expected in {"list": [rows[0]], "results": {"results": [rows[0]]}, "empty": []}.items():
        app.faults.clear()
        assert latest_body(app, company, "list_for_object", {"form": form}) == expected


def test_fields_can_be_null_missing_or_more(app: App, company: str) -> None:
    true_row = told(app, company, "syncs/latest/status")
    nulls = latest_body(app, company, "nulls")
    assert nulls == {name: true_row[name] if name in ("companyId", "syncId") else None for name in true_row}
    app.faults.clear()
    assert latest_body(app, company, "missing_fields").keys() == {"companyId", "syncId"}
    app.faults.clear()
    one = latest_body(app, company, "missing_fields", {"fields": ["syncUtc"]})
    assert true_row.keys() - one.keys() == {"syncUtc"}
    app.faults.clear()
    assert latest_body(app, company, "extra_fields").items() > true_row.items()


@pytest.mark.parametrize(
    ("form", "made"),
    {
        "local": lambda date: date[:-1],
        "offset": lambda date: f"{date[:-1]}+00:00",
        "date_only": lambda date: date[:10],
        "milliseconds": lambda date: f"{date[:19]}.123Z",
        "no_such_second": lambda date: f"{date[:17]}99Z",
        "empty": lambda date: "",
        "null": lambda date: None,
        "nonsense": lambda date: "not a date",
        "number": lambda date: 1_669_108_800,
    }.items(),
)
def test_dates_can_be_odd(app: App, company: str, form: str, made: Any) -> None:
    date = told(app, company, "syncs/latest/status")["syncUtc"]
    assert latest_body(app, company, "odd_dates", {"form": form})["syncUtc"] == made(date)


def test_a_refusal_is_not_spoiled(app: App) -> None:
    set_fault(app, "nulls")
    assert told(app, "nobody", "syncs/latest/status")["statusCode"] == 404


def test_the_newest_sync_can_be_stuck_wherever_it_is_told_of(app: App, company: str) -> None:
    set_fault(app, "stuck")
    for body in (told(app, company)[0], told(app, company, "syncs/latest/status")):
        assert (body["syncStatusCode"], body["syncStatus"]) == (1010, "Pushing")
    assert told(app, company)[1]["syncStatusCode"] != 1010


def test_a_status_can_go_backwards_every_second_time(app: App, company: str) -> None:
    ended = told(app, company, "syncs/latest/status")["syncStatusCode"]
    set_fault(app, "backwards")
    codes = [told(app, company, "syncs/latest/status")["syncStatusCode"] for _ in range(4)]
    assert codes == [ended, 1000, ended, 1000]


# What meddles with the world


def test_somebody_else_can_be_first(app: App, company: str) -> None:
    set_fault(app, "foreign_sync", method="POST", count=1)
    post(app, company)
    foreign, ours = app.world.timeline(company).syncs[-2:]
    assert not foreign.scheduled
    assert foreign.outcome.code != 5080
    assert (ours.outcome.code, asked_for(app, company)) == (5080, 2)


def test_somebody_elses_sync_can_have_days_of_its_own(app: App, company: str) -> None:
    days = {"start": "2026-11-01T00:00:00Z", "finish": "2026-11-02T00:00:00+00:00"}
    set_fault(app, "foreign_sync", days, method="GET", count=1)
    told(app, company)
    newest = app.world.timeline(company).syncs[-1]
    assert [newest.start.day, newest.finish.day] == [1, 2]


def test_a_list_can_lag(app: App, company: str) -> None:
    clock = app.world.clock
    assert isinstance(clock, StoppedClock)
    post(app, company)
    clock.passes(seconds=20)
    set_fault(app, "lag", {"seconds": 30})
    assert len(told(app, company)) == len(app.world.timeline(company).syncs) - 1
    clock.passes(seconds=11)
    assert told(app, company)[0]["syncStatus"] == "NotStarted"
    app.faults.clear()
    assert told(app, company)[0]["syncStatus"] == "Started"


def test_a_sync_can_hang_for_ever(app: App, company: str) -> None:
    clock = app.world.clock
    assert isinstance(clock, StoppedClock)
    set_fault(app, "hangs", count=1)
    post(app, company)
    clock.passes(hours=12)
    assert told(app, company, "syncs/latest/status")["syncStatusCode"] == 1010
    post(app, company)
    assert app.world.timeline(company).syncs[-1].outcome.code == 5080
