from datetime import timedelta

import pytest

from syncs.codat.statuses import Outcome
from syncs.rules.health import WORD, Health, health_of

HEALTHY = {
    "seen": True,
    "last_final": Outcome.SYNCED,
    "last_code": 2000,
    "connections_linked": True,
    "enabled": True,
    "failed_days": 0,
    "without_result": timedelta(hours=20),
}
FAILING = {"last_final": Outcome.FAILED, "last_code": 5130}
NEVER = {"last_final": None, "last_code": None}


@pytest.mark.parametrize(
    ("what", "facts", "health"),
    [
        ("not looked at yet, whatever else", {"seen": False, **NEVER}, Health.UNSEEN),
        ("last sync wrote sales", {}, Health.HEALTHY),
        ("last sync found no sales", {"last_final": Outcome.EMPTY, "last_code": 2040}, Health.HEALTHY),
        ("last sync failed", FAILING, Health.FAILING),
        ("failed with a code nobody knows", {**FAILING, "last_code": 5999}, Health.FAILING),
        ("failed without a code", {**FAILING, "last_code": None}, Health.FAILING),
        ("disconnected", {**FAILING, "last_code": 4040}, Health.NEEDS_RECONNECT),
        ("plan expired, the link still stands", {**FAILING, "last_code": 4260}, Health.NEEDS_RECONNECT),
        ("severed after the last success", {"connections_linked": False}, Health.NEEDS_RECONNECT),
        ("failed, and severed since", {**FAILING, "connections_linked": False}, Health.NEEDS_RECONNECT),
        ("connections not told", {"connections_linked": None}, Health.HEALTHY),
        ("nothing ran for three days", {"without_result": timedelta(days=3)}, Health.SILENT),
        ("one night was left out", {"without_result": timedelta(days=2, hours=23)}, Health.HEALTHY),
        ("failed, and nothing ran since", {**FAILING, "without_result": timedelta(days=9)}, Health.FAILING),
        (
            "nothing ran since it was severed",
            {"connections_linked": False, "without_result": timedelta(days=9)},
            Health.NEEDS_RECONNECT,
        ),
        (
            "nothing ran since it was switched off",
            {"enabled": False, "without_result": timedelta(days=9)},
            Health.SWITCHED_OFF,
        ),
        ("never synced", NEVER, Health.NEVER_SYNCED),
        ("never synced, not linked", {**NEVER, "connections_linked": False}, Health.NEVER_SYNCED),
        ("never set up", {**NEVER, "enabled": False}, Health.NEVER_SYNCED),
        ("switched off after failures", {**FAILING, "enabled": False}, Health.SWITCHED_OFF),
        ("switched off after a success", {"enabled": False}, Health.SWITCHED_OFF),
        (
            "the whole fuse burnt, not told",
            {**FAILING, "enabled": None, "failed_days": 31},
            Health.SWITCHED_OFF,
        ),
        ("the fuse almost burnt, not told", {**FAILING, "enabled": None, "failed_days": 30}, Health.FAILING),
        ("the whole fuse burnt, yet Codat says on", {**FAILING, "failed_days": 31}, Health.FAILING),
    ],
)
def test_one_word_for_what_we_know(what, facts, health):
    assert health_of(**HEALTHY | facts) is health, what


@pytest.mark.parametrize("outcome", [Outcome.RUNNING, Outcome.UNKNOWN])
def test_a_sync_without_an_end_says_nothing_about_health(outcome):
    with pytest.raises(ValueError, match="not final"):
        health_of(**HEALTHY | {"last_final": outcome})


def test_every_health_has_its_own_word():
    assert set(WORD) == set(Health)
    assert len(set(WORD.values())) == len(Health)
