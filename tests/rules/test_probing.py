"""From what a probe saw to what it says: never more than was seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncs.codat.errors import CodatError, Later, Refused, Uncertain
from syncs.codat.schemas import SyncStatus, SyncSummary
from syncs.rules.probing import Finding, Kind, Look, Sure, Trial, key_finding, other_body_finding, verified
from syncs.rules.probing_syncs import findings

AT = datetime(2026, 6, 17, 12, tzinfo=UTC)
COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"
OLD = [("old-2", 2000, -86400.0), ("old-1", 5130, -172800.0)]


def summary(named: str = "commerce-1", **fields: Any) -> SyncSummary:
    window = {"start": "2001-01-01T00:00:00Z", "finish": "2001-01-02T00:00:00Z"}
    body = {
        "commerceSyncId": named,
        "syncStatusCode": 1000,
        "syncUtc": AT.isoformat(),
        "syncDateRangeUtc": window,
    }
    return SyncSummary.from_json(body | fields, company_id=COMPANY)


def sync(name: str, code: int, after: float = 0.0, commerce: str | None = None) -> SyncStatus:
    at = (AT + timedelta(seconds=after)).isoformat()
    body = {"syncId": name, "commerceSyncId": commerce, "syncStatusCode": code, "syncUtc": at}
    return SyncStatus.from_json(body, company_id=COMPANY)


def look(after: float, *new: tuple[Any, ...]) -> Look:
    return Look(after, tuple(sync(*each) for each in [*new, *OLD]))


def trial(**seen: Any) -> Trial:
    """One whose key is honoured, with what is said otherwise."""
    start = AT.replace(year=2001, month=1, day=1, hour=0)
    ran = [look(0.1, ("new", 1000)), look(60.0, ("new", 2000))]
    told: dict[str, Any] = {"sent": 2, "first": summary(), "looks": ran, "second": summary()}
    told |= {"newest": sync("new", 2000, commerce="commerce-1"), "looks_again": [look(10.0, ("new", 2000))]}
    return Trial(Kind.HISTORIC, (start, start + timedelta(days=1)), look(0.0), **(told | seen))


def found(about: str, *trials: Trial) -> Finding:
    return next(finding for finding in findings(list(trials or [trial()])) if about in finding.question)


def test_a_key_is_honoured_when_the_first_answer_came_again_after_the_end() -> None:
    finding = key_finding(trial())
    assert (finding.answer, finding.sure) == ("yes", Sure.SEEN)


@pytest.mark.parametrize(
    ("seen", "answer", "sure"),
    [
        ({"second": summary("commerce-2")}, "no", Sure.SEEN),
        ({"second": Refused("Overlap.", http_status=400)}, "no", Sure.SEEN),
        ({"second": summary(syncStatusCode=2000)}, "perhaps", Sure.LIKELY),
        ({"looks_again": []}, "perhaps", Sure.LIKELY),
        ({"looks_again": [look(10.0, ("other", 1000), ("new", 2000))]}, "not known", Sure.UNKNOWN),
        ({"looks": [look(0.1, ("new", 1000))]}, "perhaps", Sure.LIKELY),
        ({"second": Uncertain("Cut off.")}, "not known", Sure.UNKNOWN),
        ({"second": Uncertain("In use.", http_status=409)}, "not known", Sure.UNKNOWN),
        ({"second": Later("Wait.")}, "not known", Sure.UNKNOWN),
        ({"second": None}, "not known", Sure.UNKNOWN),
        ({"second": None, "sent": 1}, "not known", Sure.UNKNOWN),
        ({"first": Uncertain("Cut off."), "second": None}, "not known", Sure.UNKNOWN),
        ({"first": None, "second": None, "sent": 1}, "not known", Sure.UNKNOWN),
    ],
)
def test_nothing_less_proves_a_key(seen: dict[str, Any], answer: str, sure: Sure) -> None:
    finding = key_finding(trial(**seen))
    assert (finding.answer, finding.sure) == (answer, sure)
    assert finding.seen
    assert verified([finding, key_finding(trial())]) is (False if answer == "no" else None)


def test_an_answer_that_would_be_the_same_now_proves_no_key() -> None:
    """Codat may answer with the state of a sync that it knows: only an answer that is out of date was kept."""
    at_once = summary(syncStatusCode=2000)
    assert key_finding(trial(first=at_once, second=at_once)).answer == "perhaps"


def test_a_lost_second_answer_and_one_more_sync_speak_against_the_key() -> None:
    again = [look(10.0, ("new-2", 2000), ("new", 2000))]
    finding = key_finding(trial(second=Uncertain("Cut off."), looks_again=again))
    assert (finding.answer, finding.sure) == ("no", Sure.LIKELY)


def test_both_posts_must_honour_it() -> None:
    yes = key_finding(trial())
    assert verified([yes, yes]) is True
    assert verified([yes]) is None
    assert verified([]) is None
    assert verified([yes, replace(yes, answer="no")]) is False
    assert verified([yes, replace(yes, sure=Sure.LIKELY)]) is None


@pytest.mark.parametrize(
    ("other", "answer", "sure"),
    [
        (None, "not known", Sure.UNKNOWN),
        (Refused("Used.", http_status=422), "422", Sure.SEEN),
        (summary(), "the first answer", Sure.SEEN),
        (summary("commerce-9"), "a sync of its own", Sure.SEEN),
        (Uncertain("Cut off."), "not known", Sure.UNKNOWN),
    ],
)
def test_another_body_under_the_key(other: SyncSummary | CodatError | None, answer: str, sure: Sure) -> None:
    finding = other_body_finding(trial(other_body=other))
    assert (finding.answer, finding.sure) == (answer, sure)


@pytest.mark.parametrize(
    ("seen", "answer", "sure"),
    [
        ({}, "no", Sure.SEEN),
        ({"newest": None, "first": summary("new")}, "yes", Sure.SEEN),
        ({"newest": None, "first": summary(syncId="new")}, "no", Sure.SEEN),
        ({"newest": None}, "no", Sure.LIKELY),
        ({"newest": sync("alien", 2000, commerce="alien-1")}, "no", Sure.LIKELY),
        ({"newest": None, "looks": [look(1.0)]}, "not known", Sure.UNKNOWN),
        ({"newest": None, "looks": [look(1.0, ("new", 2000), ("alien", 2000))]}, "not known", Sure.UNKNOWN),
    ],
)
def test_the_two_ids_of_a_sync(seen: dict[str, Any], answer: str, sure: Sure) -> None:
    finding = found("commerceSyncId the list", trial(**seen))
    assert (finding.answer, finding.sure) == (answer, sure)


@pytest.mark.parametrize(
    ("under", "answer"),
    [
        ({"commerce-1": None, "new": sync("new", 2000)}, "only by syncId"),
        ({"commerce-1": sync("new", 2000), "new": sync("new", 2000)}, "by either"),
        ({"commerce-1": sync("old-1", 2000), "new": sync("new", 2000)}, "only by syncId"),
        ({"commerce-1": None, "new": None}, "by neither"),
        ({"commerce-1": Uncertain("Cut off."), "new": sync("new", 2000)}, "not known"),
        ({}, "not known"),
    ],
)
def test_by_which_id_a_sync_is_found(under: dict[str, Any], answer: str) -> None:
    assert found("found by", trial(under=under)).answer == answer


@pytest.mark.parametrize(
    ("looks", "answer"),
    [
        ([look(0.2, ("new", 1000))], "at once"),
        ([look(0.2), look(30.0), look(35.0, ("new", 1000))], "30.0 to 35.0 s"),
        ([look(0.2), look(600.0)], "later than 600.0 s"),
        ([], "not known"),
    ],
)
def test_how_late_the_list_is(looks: list[Look], answer: str) -> None:
    assert found("How late", trial(looks=looks)).answer == answer


@pytest.mark.parametrize(
    ("running", "ended", "answer", "sure"),
    [
        ([0.0], 0.0, "the start", Sure.SEEN),
        ([0.0], 90.0, "the end, once it has ended", Sure.SEEN),
        ([], 0.0, "the start", Sure.SEEN),
        ([], 0.4, "the end, once it has ended", Sure.LIKELY),
        ([0.4], 0.4, "the start", Sure.SEEN),
        ([5.0], 2.0, "not known", Sure.UNKNOWN),
    ],
)
def test_what_sync_utc_is(running: list[float], ended: float, answer: str, sure: Sure) -> None:
    seen = [look(1.0, ("new", 1000, after)) for after in running]
    finding = found("syncUtc", trial(looks=[*seen, look(95.0, ("new", 2000, ended))]))
    assert (finding.answer, finding.sure) == (answer, sure)


@pytest.mark.parametrize(
    ("times", "answer", "sure"),
    [
        ([5, 4, 3, 2, 1], "newest first", Sure.SEEN),
        ([1, 2, 3, 4, 5], "oldest first", Sure.SEEN),
        ([2, 1], "newest first", Sure.LIKELY),
        ([2, 1, 3], "none", Sure.SEEN),
        ([1], "not known", Sure.UNKNOWN),
        ([1, 1], "not known", Sure.UNKNOWN),
    ],
)
def test_the_order_of_the_list(times: list[int], answer: str, sure: Sure) -> None:
    listed = Look(1.0, tuple(sync(f"s{number}", 2000, at) for number, at in enumerate(times)))
    finding = found("order", trial(looks=[listed]))
    assert (finding.answer, finding.sure) == (answer, sure)


def test_an_old_sync_that_went_when_a_new_one_came_shows_the_end_of_the_list() -> None:
    cut = Look(60.0, look(60.0, ("new", 2000)).syncs[:-1])
    assert found("all syncs", trial(looks=[cut])).answer == "only of 2"
    assert found("all syncs").sure is Sure.LIKELY
    assert found("all syncs", trial(looks=[look(1.0)])).sure is Sure.UNKNOWN


def test_the_answered_window_is_compared_with_the_one_asked_for() -> None:
    assert found("window").answer == "yes"
    cut = summary(syncDateRangeUtc={"start": "2001-01-01T12:00:00Z", "finish": "2001-01-02T00:00:00Z"})
    assert found("window", trial(first=cut)).answer == "no"
    assert found("window", trial(first=summary(syncDateRangeUtc=None))).answer == "not known"


def test_overlap_is_told_only_where_it_fell_out() -> None:
    about = "already synced"
    assert not [finding for finding in findings([trial()]) if about in finding.question]
    refused = trial(second=Refused("Date overlaps with a previous sync date range.", http_status=400))
    assert found(about, refused).answer == "refused"
    two = [look(10.0, ("new-2", 5080), ("new", 2000))]
    assert (
        found(about, trial(second=summary("commerce-2"), looks_again=two)).answer == "it is begun and fails"
    )
    two = [look(10.0, ("new-2", 2000), ("new", 2000))]
    assert found(about, trial(second=summary("commerce-2"), looks_again=two)).answer == "it just runs"


def test_trials_that_saw_different_things_are_both_told() -> None:
    same = trial(newest=None, first=summary("new"))
    finding = found("commerceSyncId the list", trial(), same)
    assert finding.answer == "not always the same"
    assert "no." in finding.seen
    assert "yes." in finding.seen


def test_two_delays_of_one_kind_are_not_told_as_a_contradiction() -> None:
    late = [trial(looks=[look(low), look(high, ("new", 1000))]) for low, high in ((30.0, 35.0), (31.0, 36.0))]
    assert found("How late", *late).answer == "30.0 to 35.0 s"
    assert found("How late", late[0], trial()).answer == "not always the same"


def test_of_nothing_seen_nothing_is_said() -> None:
    assert findings([]) == []
    nothing = Trial(Kind.LATEST, (None, AT), Look(0.0, ()))
    assert {finding.sure for finding in [key_finding(nothing), *findings([nothing])]} == {Sure.UNKNOWN}
