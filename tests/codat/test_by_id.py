"""A sync that is asked for by its id: only an answer that names that id tells of it."""

import pytest

from syncs.codat.client import CodatClient
from tests.codat.examples import COMPANY, DONE, OTHER_SYNC, SYNC
from tests.codat.server import Server, says

OLDER = {**DONE, "syncId": "older", "syncUtc": "2023-01-23T14:15:22Z"}
NAMED = {"commerceSyncId": SYNC, **DONE}


def test_a_sync_is_asked_for_by_its_id(server: Server, client: CodatClient) -> None:
    server.answers(says(200, DONE))
    assert client.sync_by_id(COMPANY, OTHER_SYNC).code == 2000
    assert server.requests[0].target == f"/companies/{COMPANY}/sync/commerce/syncs/{OTHER_SYNC}/status"


SHOUTED = {**DONE, "syncId": OTHER_SYNC.upper()}


@pytest.mark.parametrize("answer", [NAMED, SHOUTED, [OLDER, NAMED], {"results": [NAMED, OLDER]}])
def test_a_sync_that_was_asked_for_is_known_by_either_of_its_ids(
    server: Server, client: CodatClient, answer: object
) -> None:
    server.answers(says(200, answer))
    assert client.sync_by_id(COMPANY, OTHER_SYNC).code == 2000


def test_a_sync_is_found_under_its_commerce_sync_id(server: Server, client: CodatClient) -> None:
    server.answers(says(200, NAMED))
    assert client.sync_by_id(COMPANY, SYNC).sync_id == OTHER_SYNC


@pytest.mark.parametrize("answer", [OLDER, [OLDER], {"results": [OLDER]}, {**DONE, "syncId": None}])
def test_an_answer_that_does_not_name_the_sync_that_was_asked_for_is_none(
    server: Server, client: CodatClient, answer: object
) -> None:
    """Another sync's result must not become that of ours; one without an id could be anybody's."""
    server.answers(says(200, answer))
    assert client.sync_by_id(COMPANY, OTHER_SYNC) is None


def test_a_probe_is_told_what_is_answered_under_an_id_whoever_it_names(
    server: Server, client: CodatClient
) -> None:
    server.answers(says(200, OLDER))
    assert client.answered_under(COMPANY, OTHER_SYNC).sync_id == "older"


def test_a_probe_is_told_the_order_in_which_syncs_are_listed(server: Server, client: CodatClient) -> None:
    server.answers(says(200, [OLDER, DONE]))
    assert [sync.sync_id for sync in client.syncs_as_listed(COMPANY)] == ["older", OTHER_SYNC]
    assert [sync.sync_id for sync in client.syncs(COMPANY)] == [OTHER_SYNC, "older"]
