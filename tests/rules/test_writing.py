"""What is said to those who write playbook entries."""

from dataclasses import replace

import pytest

from syncs.rules.entries import ENTRIES, Entry, entry_of
from syncs.rules.writing import lone_braces, never_reached, not_placeholders

BOTH = "Write both, as in {accounting}, or neither."
KNOWN = ("commerce", "accounting", "account")


def entry(name: str, **raw: object) -> Entry:
    texts = {"lead": "A", "detail": "B", "steps": [], "message_to_merchant": "C"}
    return entry_of({"id": name, "owner": "us", "rerun": "no", **texts, **raw}, {})


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("{commerce} to {accounting}, {account}", []),
        ("No braces at all", []),
        ("{acounting} refuses", ["{acounting} is not a placeholder. Did you mean {accounting}?"]),
        ("{Commerce} refuses", ["{Commerce} is not a placeholder. Did you mean {commerce}?"]),
        ("{ commerce }", ["{ commerce } is not a placeholder. Did you mean {commerce}?"]),
        (
            "{zebra}",
            ["{zebra} is not a placeholder. Those that are: {commerce}, {accounting}, {account}."],
        ),
        ("{x} {x}", ["{x} is not a placeholder. Those that are: {commerce}, {accounting}, {account}."]),
    ],
)
def test_a_word_in_braces_that_stands_for_nothing_is_told(text: str, sentences: list[str]) -> None:
    assert list(not_placeholders(text, KNOWN)) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("{commerce} to {accounting}", []),
        (
            "The books of { refuse it",
            [f"“{{” stands without its “}}” in “The books of {{ refuse it”. {BOTH}"],
        ),
        (
            "{commerce} cannot see {accounting now",
            [f"“{{” stands without its “}}” in “{{commerce}} cannot see {{accounting now”. {BOTH}"],
        ),
        (
            "}{",
            [
                f"“{{” stands without its “}}” in “{{”. {BOTH}",
                f"“}}” stands without its “{{” in “}}”. {BOTH}",
            ],
        ),
        (
            "} has a reason { without a name",
            [
                f"“{{” stands without its “}}” in “has a reason {{ without a name”. {BOTH}",
                f"“}}” stands without its “{{” in “}} has a reason”. {BOTH}",
            ],
        ),
        (
            "{{commerce}} refuses",
            [
                f"“{{” stands without its “}}” in “{{{{commerce}}”. {BOTH}",
                f"“}}” stands without its “{{” in “{{commerce}}}} refuses”. {BOTH}",
            ],
        ),
    ],
)
def test_a_brace_without_the_other_is_told_with_what_stands_beside_it(
    text: str, sentences: list[str]
) -> None:
    assert list(lone_braces(text)) == sentences


def test_every_built_in_entry_is_reached() -> None:
    assert never_reached(ENTRIES) == {}


@pytest.mark.parametrize(
    "order",
    [
        [entry("words", pattern="archived"), entry("more words", pattern="is archived")],
        [entry("any code", pattern="archived"), entry("one code", pattern="archived", codes=[5130])],
        [entry("code", codes=[5130]), entry("same code", codes=[5130])],
        [entry("code", codes=[5130]), entry("words under it", pattern="archived", codes=[5130])],
        [entry("class", outcome="failed"), entry("code of it", codes=[5130, 4000])],
        [entry("failed", outcome="failed"), entry("unknown", outcome="unknown"), entry("words", pattern="x")],
        [entry("one", codes=[5130]), entry("two", codes=[4000]), entry("both", codes=[4000, 5130])],
        [entry("class", outcome="failed"), entry("same class", outcome="failed")],
    ],
    ids=lambda order: order[-1].id,
)
def test_what_others_before_it_leave_nothing_to_is_told(order: list[Entry]) -> None:
    assert list(never_reached(order)) == [order[-1].id]
    assert never_reached(order)[order[-1].id] in {one.id for one in order[:-1]}
    assert never_reached(order[::-1]).keys() != {order[-1].id}


@pytest.mark.parametrize(
    "order",
    [
        [entry("one code", pattern="archived", codes=[5130]), entry("any code", pattern="archived")],
        [entry("one", codes=[5130]), entry("both", codes=[4000, 5130])],
        [entry("class", outcome="failed"), entry("words", pattern="x")],
        [entry("class", outcome="failed"), entry("a code not of it", codes=[2000])],
    ],
    ids=lambda order: order[-1].id,
)
def test_what_is_left_something_is_reached(order: list[Entry]) -> None:
    assert never_reached(order) == {}


def test_an_entry_behind_all_others_is_told_of_the_last_one_that_takes_its_syncs() -> None:
    copied = replace(ENTRIES[0], id="copy")
    assert never_reached([*ENTRIES, copied]) == {"copy": "any-unknown"}
