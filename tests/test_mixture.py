"""Many presses in any mixture of faults: nothing untrue is believed or shown. `python -m tests.mixture_of_presses` has
thousands of them."""

import pytest
from django.test import Client

from sandbox.faults.kinds import KINDS
from syncs.models import User
from syncs.rules.states import RAN
from tests import mixtures
from tests.worlds import World, lived_through

PRESSES = 12


def test_every_fault_of_the_sandbox_is_in_the_mixture() -> None:
    mixed = {name for name, _ in [*mixtures.OF_POSTS, *mixtures.OF_READS]}
    assert mixed | {"foreign_sync"} == set(KINDS)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(len(mixtures.SETTINGS)), ids=lambda n: mixtures.SETTINGS[n].name)
def test_of_many_presses_in_any_mixture_nothing_untrue_is_believed_or_shown(
    number: int, support: User, as_viewer: Client
) -> None:
    told = lived_through(World(1, number, PRESSES), support, as_viewer)
    assert told.lies == []
    assert told.counts["presses"] == PRESSES
    assert told.counts["POSTs"] >= PRESSES / 2
    assert told.states.keys() & RAN, told.states
