"""Whatever goes wrong while it probes: it sends no more than it may, waits no longer than it says, and tells why."""

from collections.abc import Callable
from typing import Any

import pytest

from syncs.operations.probing import CannotProbe, Pace, planned
from syncs.rules.probing import Kind
from tests.probes import OLD_DAY, Account, probed
from tests.probes import account as account
from tests.probes import process as process
from tests.probes import spare_companies as spare_companies

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HISTORIC = {"kinds": (Kind.HISTORIC,)}
UNCERTAIN = "It may have started a sync"


def at_post(number: int, account: Account, fault: str, **where: Any) -> Callable[[str], None]:
    """Sets a fault just before the POST of this number."""

    def set_it(line: str) -> None:
        if f"POST {number} of" in line:
            account.sandbox.fault(fault, method="POST", count=1, **where)

    return set_it


@pytest.mark.parametrize(
    ("fault", "args", "sentence"),
    [
        ("drop_after", {}, UNCERTAIN),
        ("drop_before", {"how": "reset"}, UNCERTAIN),
        ("500_after", {}, UNCERTAIN),
        ("503", {}, UNCERTAIN),
        ("409", {}, UNCERTAIN),
        ("html", {}, UNCERTAIN),
        ("truncated_json", {}, UNCERTAIN),
        ("wrong_company", {}, UNCERTAIN),
        ("no_id", {}, UNCERTAIN),
        ("redirect", {}, UNCERTAIN),
        ("401", {}, "Codat answered 401: “Unauthorized”. (correlation id "),
        ("402", {}, "Codat answered 402"),
        ("403", {}, "Codat answered 403"),
        ("404", {}, "Codat answered 404"),
        ("429", {"retry_after": 30}, "Come back in 30 s."),
    ],
)
def test_a_first_post_without_a_good_answer_ends_the_probe(
    account: Account, fault: str, args: dict[str, Any], sentence: str
) -> None:
    company_id = account.company()
    seen = probed(account, company_id, meanwhile=at_post(1, account, fault, args=args))
    assert sentence in seen.probe.stopped
    assert "Nothing more was sent." in seen.probe.stopped
    assert (seen.sent, seen.keys, seen.verified) == ([1], ["not known"], None)
    assert len(account.posts(company_id)) == 1


def test_an_answer_that_never_comes_ends_it_in_time(account: Account) -> None:
    company_id = account.company()
    account.client._transport._read_timeout = 1.0
    seen = probed(account, company_id, meanwhile=at_post(1, account, "slow", args={"seconds": 4}))
    assert "it took too long" in seen.probe.stopped
    assert seen.keys == ["not known"]


def test_what_is_refused_on_one_post_leaves_the_other_to_be_tried(account: Account) -> None:
    company_id = account.company()
    seen = probed(account, company_id, meanwhile=at_post(1, account, "overlap", path_regex="historic"))
    assert seen.keys == ["not known", "yes"]
    assert (seen.verified, seen.probe.stopped) == (None, "")
    assert seen.answer("already synced") == "refused"


@pytest.mark.parametrize(
    ("fault", "keys", "key"),
    [
        ("drop_after", "caches_errors", "not known"),
        ("drop_after", "off", "no"),
        ("drop_before", "off", "not known"),
        ("409", "caches_errors", "not known"),
        ("429", "caches_errors", "not known"),
        ("truncated_json", "caches_errors", "not known"),
        ("foreign_sync", "caches_errors", "not known"),
        ("no_id", "off", "no"),
    ],
)
def test_what_befalls_the_second_post_never_proves_the_key(
    account: Account, fault: str, keys: str, key: str
) -> None:
    account.turn(idempotency=keys)
    company_id = account.company()
    meanwhile = at_post(2, account, fault, company_id=company_id)
    seen = probed(account, company_id, meanwhile=meanwhile, **HISTORIC)
    assert seen.keys == [key]
    assert seen.verified is not True
    assert len([line for line in account.posts(company_id) if line["kind"] != "foreign"]) == 2


def test_somebody_elses_sync_beside_ours_is_not_taken_for_it(account: Account) -> None:
    company_id = account.company()
    meanwhile = at_post(1, account, "foreign_sync", company_id=company_id)
    seen = probed(account, company_id, meanwhile=meanwhile, **HISTORIC)
    assert seen.answer("the list's syncId") in {"no", "not known"}
    assert seen.switches <= account.told()


def test_a_sync_that_does_not_end_is_waited_for_no_longer_than_said(account: Account) -> None:
    company_id = account.company()
    meanwhile = at_post(1, account, "hangs", company_id=company_id)
    seen = probed(account, company_id, pace=Pace(wait=0.5, pause=0.05, quiet=0.1), meanwhile=meanwhile)
    assert "The sync was not seen to end within 0.5 s" in seen.probe.stopped
    assert (seen.sent, seen.keys) == ([1], ["not known"])


def test_a_list_that_shows_nothing_is_waited_for_no_longer_than_said(account: Account) -> None:
    account.turn(list_delay="30")
    seen = probed(account, account.company(), pace=Pace(wait=0.5, pause=0.05, quiet=0.1))
    assert seen.answer("How late").startswith("later than 0.")
    assert (seen.sent, seen.verified) == ([1], None)


@pytest.mark.parametrize(("fault", "args"), [("500", {}), ("html", {}), ("truncated_json", {}), ("429", {})])
def test_reads_that_fail_for_a_while_do_no_harm(account: Account, fault: str, args: dict[str, Any]) -> None:
    company_id = account.company()
    args = args or ({"retry_after": 1} if fault == "429" else {})

    def break_reads(line: str) -> None:
        if "accepted" in line:
            account.sandbox.fault(
                fault, args, method="GET", path_regex="/list/", count=1 if fault == "429" else 7
            )

    seen = probed(account, company_id, meanwhile=break_reads, **HISTORIC)
    assert seen.keys == ["yes"]
    assert seen.switches <= account.told()


def test_reads_that_fail_for_good_leave_the_second_post_unsent(account: Account) -> None:
    company_id = account.company()

    def break_reads(line: str) -> None:
        if "accepted" in line:
            account.sandbox.fault("truncated_json", method="GET", path_regex="/syncs/")

    pace = Pace(wait=0.5, pause=0.05, quiet=0.1)
    seen = probed(account, company_id, pace=pace, meanwhile=break_reads)
    assert (seen.sent, seen.keys) == ([1], ["not known"])
    assert any("Looked in vain: Codat's answer is not valid JSON." in line for line in seen.said)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("401", r"Codat answered 401: “Unauthorized”\..*Nothing was sent\."),
        ("429", r"Codat answered 429.*Nothing was sent\."),
        ("truncated_json", r"not valid JSON\..*Nothing was sent\."),
    ],
)
def test_a_company_that_cannot_be_read_is_not_probed(account: Account, fault: str, sentence: str) -> None:
    company_id = account.company()
    account.sandbox.fault(fault, method="GET", company_id=company_id)
    with pytest.raises(CannotProbe, match=sentence):
        planned(company_id, account.client, OLD_DAY)
    assert account.posts(company_id) == []
