"""Which patterns may be searched for in whatever Codat sends, and patterns made of a message."""

import re

import pytest

from syncs.rules import patterns
from syncs.rules.causes import normalise
from syncs.rules.entries import ENTRIES
from syncs.rules.patterns import pattern_for, problem_of, swallows
from tests.rules.work import in_a_second_of_work

BUILT_IN = [entry.pattern.pattern for entry in ENTRIES if entry.pattern]


@pytest.mark.parametrize("pattern", BUILT_IN)
def test_the_built_in_ones_are_fit(pattern: str) -> None:
    assert problem_of(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "plain words",
        r"price 3\.50 \(net\)",
        "colou?r",
        "one|two|three",
        "[)(*+]{1,5}x",
        "before (?:this|that) after",
        r"(?P<account>\w{1,40}) is gone",
        "a.*b",
        "x{3}{",
    ],
)
def test_these_are_fit(pattern: str) -> None:
    assert problem_of(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(", "This is no pattern: missing ), unterminated subpattern at position 0."),
        ("a{99999999999}", "This is no pattern: the repetition number is too large."),
        ("(a+)+$", patterns.NO_REPEATED_GROUP),
        ("(?:a|aa)*b", patterns.NO_REPEATED_GROUP),
        ("(a?){30}", patterns.NO_REPEATED_GROUP),
        ("(?=x)y", patterns.NO_SUCH_GROUP),
        ("(?i)x", patterns.NO_SUCH_GROUP),
        ("(?P<a>x)(?P=a)", patterns.NO_SUCH_GROUP),
        (r"(x)\1", patterns.NO_BACK_REFERENCE),
        ("x.*y.*z", patterns.TOO_MANY_WAYS),
        ("x.+y[a-z]{3,}z", patterns.TOO_MANY_WAYS),
        ("a?" * 20 + "a" * 20, patterns.TOO_MANY_WAYS),
        ("(?:a|b)" * 20, patterns.TOO_MANY_WAYS),
        ("fine|x.*y.*z", patterns.TOO_MANY_WAYS),
        ("", patterns.FITS_EVERYTHING),
        ("x?", patterns.FITS_EVERYTHING),
        ("x|", patterns.FITS_EVERYTHING),
        ("x" * 501, "A pattern has at most 500 letters. Write fewer words of the message."),
    ],
)
def test_what_is_not_fit_is_told_why(pattern: str, sentence: str) -> None:
    assert problem_of(pattern) == sentence


@pytest.mark.parametrize(
    "pattern", ["aa.{0,200}a.{0,200}b", "a.*ab", "(?:a|aa)(?:a|aa)(?:a|aa)(?:a|aa)a.{0,99}b"]
)
def test_what_is_fit_costs_little_on_the_worst_of_messages(pattern: str) -> None:
    assert problem_of(pattern) == ""
    with in_a_second_of_work():
        re.search(pattern, "a" * 2000, re.IGNORECASE)


@pytest.mark.parametrize(
    ("earlier", "later", "is_swallowed"),
    [
        ("is archived", "is archived", True),
        ("archived", r"account (?P<account>.{1,80}) is Archived", True),
        ("archived", "is archived|was archived", True),
        ("archived", "is archived|was closed", False),
        ("archived|closed", "is archived|was closed", True),
        ("account .{1,80} archived", "account 090 is archived", False),
        ("archived", "archive[sd]", False),
        ("archived", "archived?", False),
        ("archived", "(?:archived)?", False),
        (r"\(archived\)", r"account \(archived\)", True),
    ],
)
def test_a_pattern_swallows_what_surely_has_its_words(earlier: str, later: str, is_swallowed: bool) -> None:
    assert swallows(earlier, later) is is_swallowed


@pytest.mark.parametrize(
    ("sample", "pattern"),
    [
        ("Vendor record is locked (Closed).", r"vendor record is locked \(closed\)"),
        ("Journal 8812734 is locked since 2026-11-02.", "journal.{1,300}is locked since"),
        ("1234567 items of 7654321 in 9999999 are void", r"items of.{1,200}in.{1,200}are void"),
        ("a1b2c3d4 x b1b2c3d4 xx c1b2c3d4 xxx d1b2c3d4 xxxx e1b2c3d4 wrong book", "wrong book"),
        ("8812734", ""),
    ],
)
def test_a_pattern_is_made_of_the_words_of_a_message(sample: str, pattern: str) -> None:
    assert pattern_for(normalise(sample), sample) == pattern
    assert pattern == "" or problem_of(pattern) == ""
