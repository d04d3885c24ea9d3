"""Every documented code and message is how some merchant of a large world fares (Codat docs, error documentation)."""

import re

import pytest

from sandbox.outcomes import CAUSES, Outcome
from tests.sandbox.worlds import NOON, StoppedClock, world_at

pytestmark = pytest.mark.slow

CATALOGUE = {
    "E1": r"two valid data connections",
    "E2": r"to sync fees",
    "E3": r"payments config invalid.*(prepaid).*should not match",
    "E3 too": r"accounts config invalid.*prepaid",
    "E4": r"payments config invalid(?!.*prepaid).*should not match",
    "E5": r"no sales customer has been configured",
    "E6": r"selected customer not present in customer options",
    "E7": r"selected account is not a valid option",
    "E8": r"no grouping period selected",
    "E8 too": r"grouping period selected not from options",
    "E9": r"invalid invoice level grouping",
    "E10": r"invalid invoice line level grouping",
    "E11": r"payments cannot be enabled if invoice status is set to draft",
    "E12": r"config contains required accounts without selections",
    "E13": r"no sales account present",
    "E14": r"no schedule selected frequency",
    "E15": r"selected schedule frequency not present in options",
    "E16": r"no selected invoice status",
    "E17": r"invalid invoice status selected",
    "E18": r"tax rate is missing selected tax rate id",
    "E19": r"selected tax rate id for .* has no options",
    "E20": r"no fees supplier has been configured",
    "E20 too": r"selected supplier not present in supplier options",
    "P1": r"account\(s\) were not found",
    "P2": r"account .* is not in an active state",
    "P3": r"customer .*is not in an active state",
    "P4": r"customer .* does not exist",
    "P5": r"supplier does not exist",
    "P6": r"supplier is not in an active state",
    "P7": r"tax rate .* does not exist",
    "P7 too": r"following tax rates are invalid",
    "P8": r"cannot match the tax id",
    "X1": r"no company was found with id",
    "X2": r"date overlaps with a previous sync date range",
}


@pytest.fixture(scope="module")
def endings() -> set[Outcome]:
    """How the newest syncs of a large world ended."""
    clock = StoppedClock()
    world = world_at(clock, merchants=3000)
    newest = [
        next(world.timeline(company_id).history.backwards(), None) for company_id in world.company_ids()
    ]
    return {sync.state(NOON) for sync in newest if sync}


@pytest.mark.parametrize("phrase", CATALOGUE.values(), ids=CATALOGUE)
def test_every_message_of_the_catalogue_is_some_merchants(endings: set[Outcome], phrase: str) -> None:
    assert any(re.search(phrase, outcome.message or "", re.IGNORECASE) for outcome in endings)


def test_every_documented_code_is_some_merchants(endings: set[Outcome]) -> None:
    documented = {1010, 2000, 2040, 4000, 4040, 4200, 4220, 4260, 5000, 5080, 5120, 5130}
    assert documented <= {outcome.code for outcome in endings}


def test_no_message_shows_a_brace_that_was_to_be_filled_in(endings: set[Outcome]) -> None:
    assert not [outcome for outcome in endings if "{" in (outcome.message or "")]


def test_a_wave_can_be_ordered_for_every_cause_in_the_world(endings: set[Outcome]) -> None:
    known = {(cause.code, cause.text) for cause in CAUSES.values()}
    failures = {(o.code, o.text) for o in endings if o.code >= 4000}
    assert failures <= known
