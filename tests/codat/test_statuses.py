"""Codat's codes in our words, and that nothing else decides by them."""

import ast
from pathlib import Path

import pytest

from syncs.codat.statuses import STATUSES, Outcome, status_of

SYNCS = Path(__file__).parents[2] / "syncs"
# The playbook's text and the pills say something of each code; pills by themselves decide nothing.
MAY_NAME_CODES = {"codat/statuses.py", "presentation.py"}
# Other numbers are as round.
ROUND = {1000, 2000, 5000}


@pytest.mark.parametrize(
    ("code", "word", "outcome"),
    [
        (1999, "Running", Outcome.RUNNING),
        (2999, "Synced", Outcome.SYNCED),
        (4999, "Unknown failure", Outcome.FAILED),
        (5990, "Unknown failure", Outcome.FAILED),
        (3000, "Unknown result", Outcome.UNKNOWN),
        (42, "Unknown result", Outcome.UNKNOWN),
        (42000, "Unknown result", Outcome.UNKNOWN),
        (None, "Unknown result", Outcome.UNKNOWN),
    ],
)
def test_an_unlisted_code_is_read_by_its_first_digit(code, word, outcome):
    assert (status_of(code).word, status_of(code).outcome) == (word, outcome)


def test_codes_are_named_where_they_are_given_a_meaning_and_nowhere_else():
    modules = {path.relative_to(SYNCS).as_posix(): path for path in SYNCS.rglob("*.py")}
    elsewhere = {
        name: found
        for name, path in modules.items()
        if name not in MAY_NAME_CODES
        and not name.startswith("rules/")
        and (found := numbers(path) & (set(STATUSES) - ROUND))
    }
    assert elsewhere == {}


def numbers(path: Path) -> set[int]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and type(node.value) is int}
