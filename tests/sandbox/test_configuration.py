from datetime import UTC, datetime

import pytest

from sandbox.testing import Sandbox, running

PATH = "/config/companies/{}/sync/commerce"


def a_path(sandbox: Sandbox, kind: str = "healthy", nth: int = 0) -> str:
    return PATH.format(sandbox.merchants(kind)[nth]["company_id"])


def with_zone(sandbox: Sandbox, *, known: bool) -> str:
    found = (m for m in sandbox.merchants("healthy") if (m["zone"] is not None) == known)
    return PATH.format(next(found)["company_id"])


def test_it_tells_the_schedule_under_both_names_of_enabled(sandbox: Sandbox) -> None:
    merchant = next(m for m in sandbox.merchants("healthy") if m["zone"])
    told = sandbox.get(PATH.format(merchant["company_id"])).json()
    assert told["companyId"] == merchant["company_id"]
    assert (told["enable"], told["enabled"], told["configured"]) == (True, True, True)
    assert told["schedule"]["timeZone"] == merchant["zone"]
    assert told["schedule"]["syncHour"] == merchant["hour"]
    assert told["schedule"]["selectedFrequency"] in told["schedule"]["frequencyOptions"]
    assert datetime.fromisoformat(told["schedule"]["startDate"]).replace(tzinfo=UTC) < datetime.now(UTC)
    assert told["configuration"]["sales"]["accounts"]["sales"]["selectedAccountId"]


def test_a_merchant_without_zone_has_none_in_its_schedule(sandbox: Sandbox) -> None:
    with running(merchants=200) as many:
        assert "timeZone" not in many.get(with_zone(many, known=False)).json()["schedule"]
    with running(merchants=200, switches={"no_zone": "null"}) as many:
        assert many.get(with_zone(many, known=False)).json()["schedule"]["timeZone"] is None


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
def test_an_empty_post_changes_nothing(sandbox: Sandbox, body: bytes) -> None:
    path = a_path(sandbox)
    before = sandbox.get(path).json()
    answer = sandbox.session.post(sandbox.url + path, data=body)
    assert (answer.status_code, answer.json()) == (200, before)


def test_the_whole_object_with_edits_is_taken_over(sandbox: Sandbox) -> None:
    path = a_path(sandbox, "quiet")
    wanted = sandbox.get(path).json()
    wanted["schedule"] |= {"syncHour": 5, "timeZone": "Asia/Kolkata", "startDate": "2026-01-31"}
    wanted["configuration"]["sales"]["invoiceStatus"]["selectedInvoiceStatus"] = "Draft"
    assert sandbox.post(path, wanted).json() == wanted
    assert sandbox.get(path).json() == wanted


@pytest.mark.parametrize("edit", [{"enable": False}, {"enabled": False}])
def test_either_name_switches_a_merchant_off_though_the_other_still_says_on(
    sandbox: Sandbox, edit: dict
) -> None:
    path = a_path(sandbox, "no_message")
    switched = sandbox.post(path, {**sandbox.get(path).json(), **edit}).json()
    assert (switched["enable"], switched["enabled"]) == (False, False)
    back = sandbox.post(path, {**switched, "enable": True}).json()
    assert (back["enable"], back["enabled"]) == (True, True)


def test_a_merchant_that_codat_switched_off_is_off_and_can_be_switched_on(sandbox: Sandbox) -> None:
    path = a_path(sandbox, "switched_off")
    told = sandbox.get(path).json()
    assert (told["enable"], told["configured"]) == (False, True)
    assert sandbox.post(path, {"enable": True}).json()["enable"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"schedule": {"syncHour": 24}},
        {"schedule": {"syncHour": "3"}},
        {"schedule": {"syncHour": True}},
        {"schedule": {"timeZone": "Mars/Base"}},
        {"schedule": {"timeZone": "../etc/passwd"}},
        {"schedule": {"timeZone": 3}},
        {"schedule": {"startDate": "soon"}},
        {"schedule": {"selectedFrequency": "hourly"}},
        {"schedule": []},
        {"enable": "yes"},
        {"configuration": "none"},
        {"accountingSoftwareCompanyName": ["x"]},
        [],
    ],
)
def test_nonsense_is_refused_and_nothing_changes(sandbox: Sandbox, body: object) -> None:
    path = a_path(sandbox, nth=1)
    before = sandbox.get(path).json()
    answer = sandbox.session.post(sandbox.url + path, json=body)
    assert answer.status_code == 400
    assert sandbox.get(path).json() == before
