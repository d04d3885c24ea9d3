import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.rules.causes import LONGEST, READ_AT_MOST, plain
from syncs.rules.playbook import normalise
from tests.rules.work import in_a_second_of_work

SAME = [
    (
        "Account 090 is not in an Active state. (Archived)",
        "Account 200 is not in an Active state.  (archived).",
        "Account 7d4c9f3e-1111-4222-8333-abcdefabcdef is not in an Active state. (Archived)",
    ),
    (
        "Customer 3b9bf2ed is not in an Active state",
        "Customer Tallow & Wick Candles is not in an Active state.",
        "Customer 'Shop 12' is not in an Active state",
    ),
    (
        "Cannot match the tax id '23vwUg7OhGIZvEUHdee7fw' to a mapped account",
        'Cannot match the tax id "8xLpQ2" to a mapped account',
    ),
    (
        "The following account(s) were not found (Payment account - Account Id): 090.",
        "The following account(s) were not found (Payment account - Account Id): 090, 200 and INV-00123.",
    ),
    (
        "The following Tax Rates are invalid: GST on Income.",
        "The following Tax Rates are invalid: VAT, No VAT.",
    ),
    (
        "No company was found with ID 846ed55c-974b-4392-a1f1-87b6fdbf3c5e",
        "No company was found with ID 12345",
    ),
    ("Order 1001 was changed on 2026-11-20T08:40:06Z", "Order 2044 was changed on 2026-11-21T09:00:00Z"),
    ("Line 3 has no tax", "line 12 has no tax"),
    ("Sent by ann@shop.example", "Sent by bob@other.example"),
]
DIFFERENT = [
    "Account 090 is not in an Active state.",
    "Account 090 is not in an Active state. (Archived)",
    "Account 090 does not exist.",
    "The account chosen for fees is not valid",
    "The account chosen for sales is not valid",
    "Customer 090 is not in an Active state.",
    "Supplier 090 is not in an Active state.",
    "Property 'TaxRateId' is required",
    "Property 'CustomerId' is required",
    "The accounting software answered with status 429",
    "The accounting software answered with status 503",
    "Error code: 610",
    "Error code: 6240",
    "Wait for 7 days",
    "Wait for 31 days",
    "",
]


@pytest.mark.parametrize("messages", SAME)
def test_one_cause_at_many_merchants_reads_the_same(messages):
    assert len({normalise(message) for message in messages}) == 1


def test_different_causes_stay_apart():
    assert len({normalise(message) for message in DIFFERENT}) == len(DIFFERENT)


def test_a_cause_can_be_read():
    assert normalise(SAME[0][0]) == "account … is not in an active state. (archived)"


def test_nothing_a_database_refuses_is_left():
    assert normalise("a\0b \ud800 c\n\td") == "a b c d"


@given(st.text(max_size=3_000))
def test_any_text_becomes_a_short_key_on_one_line(text):
    key = normalise(text)
    assert len(key) <= LONGEST
    assert key == key.lower().strip()
    assert len(key.splitlines()) <= 1
    key.encode("utf-8")


def test_no_more_is_read_than_an_error_message_needs():
    assert len(plain("ab" * 50_000)) == READ_AT_MOST


@pytest.mark.parametrize(
    "hostile",
    [
        "account A " * 10_000,
        "account " + "A" * 100_000,
        "'" * 100_000,
        "a." * 50_000,
        "a" + "-" * 100_000,
        "@" * 100_000,
        "code code " * 10_000,
        "following " * 10_000,
        "1, " * 33_000,
    ],
)
def test_a_key_is_made_of_100_kb_without_a_pattern_that_explodes(hostile):
    with in_a_second_of_work():
        assert len(normalise(hostile)) <= LONGEST
