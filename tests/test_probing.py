"""The probe against the sandbox, under every switch that it can tell: what it says of Codat is so."""

import pytest

from syncs.models import Activity
from syncs.operations.probing import CannotProbe, planned
from syncs.rules.probing import Kind
from tests.factories import make_merchant, make_request
from tests.probes import OLD_DAY, Account, probed
from tests.probes import account as account
from tests.probes import process as process
from tests.probes import spare_companies as spare_companies

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HISTORIC = {"kinds": (Kind.HISTORIC,)}
KEY, IDS, BY_ID, DELAY = "honoured on", "the list's syncId", "found by", "How late"
UTC_OF, ORDER, ALL, WINDOW, OVERLAP = "syncUtc", "order", "all syncs", "window", "already synced"


@pytest.mark.parametrize(
    ("turned", "keys", "setting"),
    [
        ({}, ["yes", "yes"], True),
        ({"idempotency": "forgets_5xx"}, ["yes", "yes"], True),
        ({"idempotency": "off"}, ["no", "no"], False),
        ({"idempotent_posts": "latest"}, ["no", "yes"], False),
        ({"idempotent_posts": "historic"}, ["yes", "no"], False),
        ({"idempotency": "off", "overlap": "refused"}, ["no", "no"], False),
        ({"idempotency": "off", "overlap": "allowed"}, ["no", "no"], False),
        ({"idempotency": "off", "commerce_sync_id": "same"}, ["no", "no"], False),
        ({"list_delay": "1", "idempotency": "off"}, ["no", "no"], False),
    ],
)
def test_on_which_posts_the_key_is_honoured(
    account: Account, turned: dict[str, str], keys: list[str], setting: bool
) -> None:
    account.turn(**turned)
    company_id = account.company()
    seen = probed(account, company_id)
    assert (seen.keys, seen.verified, seen.probe.stopped) == (keys, setting, "")
    lines = account.posts(company_id)
    assert [line["kind"] for line in lines] == ["historic", "historic", "latest", "latest"]
    assert len({line["idempotency_key"] for line in lines}) == len({line["body"] for line in lines}) == 2
    assert seen.sent == [2, 2]
    assert seen.switches <= account.told()
    assert {f"{name}={value}" for name, value in turned.items()} - seen.switches <= {
        "idempotency=forgets_5xx"
    }


@pytest.mark.parametrize(
    ("turned", "about", "answer"),
    [
        ({"commerce_sync_id": "differs"}, IDS, "no"),
        ({"commerce_sync_id": "same"}, IDS, "yes"),
        ({"by_commerce_sync_id": "unknown"}, BY_ID, "only by syncId"),
        ({"by_commerce_sync_id": "known"}, BY_ID, "by either"),
        ({"sync_utc": "start"}, UTC_OF, "the start"),
        ({"sync_utc": "end"}, UTC_OF, "the end, once it has ended"),
        ({"list_delay": "none"}, DELAY, "at once"),
        ({"list_order": "newest"}, ORDER, "newest first"),
        ({"list_order": "oldest"}, ORDER, "oldest first"),
        ({"list_order": "unordered"}, ORDER, "none"),
        ({"list_length": "all"}, ALL, "yes, as far as seen"),
        ({"list_length": "30"}, ALL, "only of 30"),
        ({"before_start": "kept"}, WINDOW, "yes"),
        ({"before_start": "refused"}, WINDOW, "no"),
        ({"historic_body": "lenient"}, KEY, "yes"),
    ],
)
def test_what_else_it_tells(account: Account, turned: dict[str, str], about: str, answer: str) -> None:
    account.turn(**turned)
    seen = probed(account, account.company(), **HISTORIC)
    assert seen.answer(about) == answer
    assert seen.switches <= account.told()
    told = {f"{name}={value}" for name, value in turned.items()}
    assert told <= seen.switches or about in {WINDOW, ALL, KEY}


def test_how_late_the_list_is(account: Account) -> None:
    account.turn(list_delay="1")
    seen = probed(account, account.company(), **HISTORIC)
    missing, there = map(float, seen.answer(DELAY).removesuffix(" s").split(" to "))
    assert missing <= 1 <= there + 0.5
    assert "list_delay=1" in seen.switches
    assert seen.switches <= account.told()


@pytest.mark.parametrize(
    ("switch", "answer"),
    [("fails", "it is begun and fails"), ("refused", "refused"), ("allowed", "it just runs")],
)
def test_what_becomes_of_synced_days_is_told_where_the_key_is_ignored(
    account: Account, switch: str, answer: str
) -> None:
    account.turn(overlap=switch, idempotency="off")
    seen = probed(account, account.company(), **HISTORIC)
    assert seen.answer(OVERLAP) == answer
    assert f"overlap={switch}" in seen.switches


def test_another_body_is_sent_only_when_asked_for_and_where_the_key_is_honoured(account: Account) -> None:
    account.turn(idempotent_posts="latest")
    company_id = account.company()
    seen = probed(account, company_id, another_body=True)
    assert seen.answer("same key get (historic)") == "not known"
    assert seen.answer("same key get (latest)") == "422"
    assert [line["answered"] for line in account.posts(company_id)] == [200, 200, 200, 200, 422]


def test_a_company_that_never_synced_is_asked_what_it_answers(account: Account) -> None:
    path = "/companies"
    company_id = account.sandbox.post(path, {"name": "Newcomer"}).json()["id"]
    for platform in ("fztf", "gbol"):
        made = account.sandbox.post(f"{path}/{company_id}/connections", {"platformKey": platform}).json()
        happens = f"/_sandbox/companies/{company_id}/connections/{made['id']}"
        account.sandbox.post(happens, {"happens": "linked"}).raise_for_status()
    seen = probed(account, company_id, **HISTORIC)
    assert seen.answer("without syncs").startswith("none")
    assert seen.answer(ORDER) == "not known"
    assert seen.keys == ["yes"]


def test_a_failing_sync_tells_of_the_key_as_well(account: Account) -> None:
    broken = next(each for each in account.sandbox.merchants("settings") if each["rerun"] == "same error")
    assert probed(account, str(broken["company_id"])).verified is True


def test_the_probe_of_a_registered_merchant_is_on_record(account: Account) -> None:
    company_id = account.company()
    merchant = make_merchant(company_id=company_id)
    probed(account, company_id, **HISTORIC)
    (entry,) = Activity.objects.filter(merchant=merchant)
    assert (entry.verb, entry.what) == (
        "merchant.probed",
        "A probe of Codat may send 2 requests for syncs",
    )


def test_it_keeps_off_a_merchant_with_a_request_under_way(account: Account) -> None:
    company_id = account.company()
    make_request(make_merchant(company_id=company_id, name="Bakery"))
    with pytest.raises(CannotProbe, match="Bakery has a sync request under way"):
        planned(company_id, account.client, OLD_DAY)
    assert account.posts(company_id) == []


def test_a_press_on_a_page_while_it_probes_ends_it(account: Account) -> None:
    company_id = account.company()
    merchant = make_merchant(company_id=company_id)

    def press(line: str) -> None:
        if "accepted" in line:
            make_request(merchant)

    seen = probed(account, company_id, meanwhile=press)
    assert "under way here" in seen.probe.stopped
    assert (seen.sent, seen.keys) == ([1], ["not known"])


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("slow", "A sync of this company is running at Codat"),
        ("unlinked", "No .* connection of .* is linked"),
        ("never_synced", "No .* connection of .* is linked"),
    ],
)
def test_it_refuses_a_company_that_cannot_be_probed(account: Account, kind: str, sentence: str) -> None:
    company_id = str(account.sandbox.merchants(kind)[0]["company_id"])
    with pytest.raises(CannotProbe, match=sentence):
        planned(company_id, account.client, OLD_DAY)


def test_a_company_that_codat_does_not_know(account: Account) -> None:
    with pytest.raises(CannotProbe, match=r"404: “No company was found .*Nothing was sent\."):
        planned("846ed55c-974b-4392-a1f1-87b6fdbf3c5e", account.client, OLD_DAY)
