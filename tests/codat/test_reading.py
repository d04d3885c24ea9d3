"""Whatever JSON comes, the border gives clean values or one of its own errors, and nothing else."""

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat.errors import Uncertain
from syncs.codat.listing import newest_first, one_sync, sync_list
from syncs.codat.pages import Page
from syncs.codat.reading import identifier, one_line, parse_json, truth, whole_number
from syncs.codat.schemas import Company, Configuration, Connection, SyncStatus, SyncSummary
from tests.codat.examples import COMPANY, DONE, STARTED
from tests.codat.test_merchants import DAVE, SCHEDULE, XERO, envelope

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
READERS: dict[str, Callable[[object], object]] = {
    "a company": lambda value: Company.from_json(value, company_id=COMPANY),
    "a connection": lambda value: Connection.from_json(value, company_id=COMPANY),
    "a configuration": lambda value: Configuration.from_json(value, company_id=COMPANY),
    "a sync": lambda value: SyncStatus.from_json(value, company_id=COMPANY),
    "a summary": lambda value: SyncSummary.from_json(value, company_id=COMPANY),
    "one sync": lambda value: one_sync(value, COMPANY),
    "a list of syncs": lambda value: newest_first(sync_list(value, COMPANY)),
    "a page": lambda value: Page.from_json(value, Company.from_json, number=1, size=10),
}
EXAMPLES = [STARTED, DONE, DAVE, XERO, {"schedule": SCHEDULE}, envelope([DAVE], 1)]


def misfit(example: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """The example with some of its fields, at the top, replaced by anything."""
    return st.dictionaries(st.sampled_from(sorted(example)), ANY_JSON).map(lambda odd: {**example, **odd})


@pytest.mark.slow
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
@given(value=st.one_of(ANY_JSON, *map(misfit, EXAMPLES)))
def test_a_value_or_uncertain(read: Callable[[object], object], value: object) -> None:
    with contextlib.suppress(Uncertain):
        read(parse_json(json.dumps(value).encode()))


@given(st.binary())
def test_bytes_that_are_no_json_are_uncertain(body: bytes) -> None:
    with contextlib.suppress(Uncertain):
        parse_json(body)


@given(ANY_JSON)
def test_what_is_read_can_be_written_to_any_database(value: object) -> None:
    clean = json.dumps(parse_json(json.dumps(value).encode()), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in clean
    clean.encode()


@pytest.mark.parametrize("value", [{}, [], None, {"results": []}, {"companyId": COMPANY, "syncId": None}])
def test_no_syncs_are_told_in_many_ways(value: object) -> None:
    assert sync_list(value, COMPANY) == []


@pytest.mark.parametrize("error", [{"errorMessage": "Busy"}, {"syncExceptionMessage": "Busy"}])
def test_an_error_in_place_of_syncs_is_not_taken_for_none(error: dict[str, str]) -> None:
    for value in (error, [error], {"results": [STARTED, error]}):
        with pytest.raises(Uncertain, match="tells of an error where syncs belong"):
            sync_list(value, COMPANY)


def test_text_that_a_database_refuses_is_replaced_everywhere() -> None:
    body = rb'{"a\u0000":["\ud83d",{"b":"x\u0000"}],"n":NaN,"i":1e999,"ok":"\ud83d\ude00"}'
    assert parse_json(body) == {"a�": ["�", {"b": "x�"}], "n": None, "i": None, "ok": "😀"}


def test_a_byte_order_mark_is_no_offence() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    "body", [b"[" * 50 + b"]" * 50, b"[" * 200_000, b'{"a":' * 60 + b"1" + b"}" * 60, b"1" * 5000]
)
def test_json_made_to_exhaust_us_is_uncertain(body: bytes) -> None:
    with pytest.raises(Uncertain):
        parse_json(body)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((2000, 2000), (2000.0, 2000), ("2000", 2000), ("4200,", 4200), (" 5130 ", 5130), ("0", 0)),
        *(
            (None, None),
            ("", None),
            ("Complete", None),
            (True, None),
            (-1, None),
            ("-1", None),
            (2000.5, None),
        ),
        *((10**30, None), ("1" * 5000, None), ([], None), ({}, None), ("٢٠٠٠", None), (float("1e300"), None)),
    ],
)
def test_codes_come_in_many_shapes(value: object, number: int | None) -> None:
    assert whole_number(value) == number


@given(SCALARS)
def test_a_number_fits_into_a_column_or_is_none(value: object) -> None:
    number = whole_number(value)
    assert number is None or 0 <= number < 10**9


def test_truth_is_a_boolean_or_its_word() -> None:
    assert [truth(value) for value in (True, False, "true", "FALSE")] == [True, False, True, False]
    assert [truth(value) for value in (None, 1, 0, "", "yes", [])] == [None] * 6


def test_an_id_is_any_short_text_but_the_empty_guid() -> None:
    assert identifier(" af888de-5g3g6094c1b3 ") == "af888de-5g3g6094c1b3"
    nothing = [None, "", " ", 17, "x" * 101, "00000000-0000-0000-0000-000000000000"]
    assert [identifier(value) for value in nothing] == [None] * 6


@given(st.text())
def test_foreign_text_in_a_log_stays_on_its_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert len(one_line(text)) <= 300


def test_the_samples_of_the_documents_are_read() -> None:
    sample = {**DONE, "commerceSyncId": "78ab9424", "syncStatusCode": "4200,", "syncStatus": "MapCoreError"}
    sync = SyncStatus.from_json(sample, company_id=COMPANY)
    assert (sync.code, sync.text, sync.commerce_sync_id) == (4200, "MapCoreError", "78ab9424")
    assert sync.sync_id != sync.commerce_sync_id
    assert sync.raw == sample


@pytest.mark.parametrize(
    "window", [None, {}, [], "x", {"start": "2022-10-22"}, {"start": "2022-10-22", "finish": "2022-10-21"}]
)
def test_a_window_that_is_none(window: object) -> None:
    assert SyncSummary.from_json({**STARTED, "syncDateRangeUtc": window}, company_id=COMPANY).window is None
