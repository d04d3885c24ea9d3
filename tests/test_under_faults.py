"""A press while Codat, a gateway or the network misbehaves: what the desk then believes is never more than is true.

Against the sandbox's own ledger, under several of the settings that Codat's documents leave open.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sandbox.faults.spoiling import ODD_DATES
from sandbox.testing import Sandbox, running
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests import mixtures
from tests.looks import known
from tests.presses import outcomes, press, stored
from tests.truths import lines_of
from tests.upstream import CANARY, client_of
from tests.worlds import registered

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# The others differ in what becomes of a key that is asked again, which nothing here does.
SETTINGS = mixtures.SETTINGS[:3]


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda setting: setting.name)
def codats(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    switches = request.param.switches | {"per_minute": "off"}
    with running(merchants=160, speed=1000, key=CANARY, switches=switches) as started:
        yield started


@pytest.fixture(scope="module")
def shops(codats: Sandbox) -> Iterator[dict[str, Any]]:
    """Merchants that a re-run helps, each given out once."""
    found = [shop for kind in ("archived_account", "healthy") for shop in codats.merchants(kind)]
    return iter([shop for shop in found if shop["rerun"] == "succeeds"])


@pytest.fixture
def shop(codats: Sandbox, shops: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield next(shops)
    codats.clear_faults()


def asked(shop: dict[str, Any], by: User, client: CodatClient) -> SyncRequest:
    return press(registered(shop, client), by, timezone.now()).request


# Fault, args, the state right after the POST, and what the attempt is on record as.
U, R, Q = (State.UNCERTAIN, "uncertain"), (State.REJECTED, "refused"), (State.QUEUED, "later")
TRUE = (State.ACCEPTED, "accepted")
VERDICTS: list[tuple[str, dict[str, Any], tuple[State, str]]] = [
    ("slow", {"seconds": 5}, U),
    ("drop_after", {}, U),
    ("drop_after", {"how": "reset"}, U),
    ("drop_before", {}, U),
    ("reset_midway", {}, U),
    ("half_close", {}, U),
    ("short_body", {}, U),
    ("drip", {}, U),
    ("drip", {"part": "body"}, U),
    ("huge_body", {}, U),
    ("gzip_bomb", {}, U),
    ("500_after", {}, U),
    ("500", {}, U),
    ("503", {}, U),
    ("503", {"applied": True}, U),
    ("408", {"applied": True}, U),
    ("409", {}, U),
    ("html", {}, U),
    ("html", {"status": 200, "applied": True}, U),
    ("empty", {"status": 200, "applied": True}, U),
    ("redirect", {}, U),
    ("truncated_json", {}, U),
    ("wrong_company", {}, U),
    ("no_id", {}, U),
    ("list_for_object", {}, U),
    ("429", {"retry_after": 7}, Q),
    ("429", {"retry_after": None}, Q),
    ("overlap", {}, R),
    ("401", {}, R),
    ("402", {}, R),
    ("403", {}, R),
    ("404", {}, R),
    ("text_for_code", {}, TRUE),
    ("nulls", {}, TRUE),
    ("missing_fields", {}, TRUE),
    ("extra_fields", {}, TRUE),
    ("odd_dates", {"form": "nonsense"}, TRUE),
    ("stuck", {}, TRUE),
]


@pytest.mark.parametrize(
    ("fault", "args", "expected"), VERDICTS, ids=[f"{name} {args}" for name, args, _ in VERDICTS]
)
def test_the_state_after_a_post_says_no_more_than_is_known(  # noqa: PLR0917
    codats: Sandbox,
    shop: dict[str, Any],
    support: User,
    as_support: Client,
    fault: str,
    args: dict[str, Any],
    expected: tuple[State, str],
) -> None:
    with client_of(codats.url) as patient:
        request = asked(shop, support, patient)
    codats.fault(fault, args, method="POST", path_regex=mixtures.POSTS, company_id=shop["company_id"])
    with mixtures.impatient(codats) as client:
        send(request.pk, client)
        send(request.pk, client)
    [line] = lines_of(request, codats.ledger())
    left = stored(request)
    assert (left.state, outcomes(request)[0]) == expected
    if line["applied"]:
        assert left.state in (State.UNCERTAIN, State.ACCEPTED)
    page = as_support.get(f"/merchants/{request.merchant.company_id}/").content.decode()
    assert "Finished" not in page
    assert ("No answer that we can trust" in page) is (left.state == State.UNCERTAIN)
    assert ("Codat refused this request" in page) is (left.state == State.REJECTED)


# What reads bring. Each is tried on a merchant that we know: what is known stays, and the page says how old it is.

IN_VAIN = "Codat could not be asked."
UNREAD: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 5}),
    ("drop_before", {}),
    ("drop_before", {"how": "reset"}),
    ("half_close", {}),
    ("short_body", {}),
    ("drip", {}),
    ("huge_body", {}),
    ("gzip_bomb", {}),
    ("reset_midway", {}),
    ("500", {}),
    ("503", {}),
    ("408", {}),
    ("409", {}),
    ("429", {}),
    ("401", {}),
    ("402", {}),
    ("403", {}),
    ("404", {"company_id": "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"}),
    ("html", {}),
    ("html", {"status": 200}),
    ("html", {"status": 404}),
    ("empty", {}),
    ("redirect", {}),
    ("truncated_json", {}),
    ("wrong_company", {}),
]
READ: list[tuple[str, dict[str, Any]]] = [
    ("text_for_code", {}),
    ("object_for_list", {}),
    ("object_for_list", {"form": "first"}),
    ("nulls", {}),
    ("missing_fields", {}),
    ("extra_fields", {}),
    ("stuck", {}),
    ("backwards", {}),
    ("lag", {"seconds": 60}),
    *[("odd_dates", {"form": form}) for form in ODD_DATES],
]


@pytest.fixture(scope="module")
def guessed() -> Iterator[Sandbox]:
    with running(merchants=40, speed=1000, key=CANARY, switches={"per_minute": "off"}) as started:
        yield started


@pytest.fixture
def failing(guessed: Sandbox) -> Iterator[Merchant]:
    shop = next(shop for shop in guessed.merchants("missing_customer") if shop["rerun"] == "same error")
    with client_of(guessed.url) as patient:
        yield known(shop, patient)
    guessed.clear_faults()


def what_is_known(merchant: Merchant) -> tuple[Any, ...]:
    row = Merchant.objects.get(pk=merchant.pk)
    told = (row.health, row.last_code, row.last_message, row.last_final_at, row.failed_days, row.last_days)
    return (
        *told,
        row.running_since,
        row.archived_at,
        list(merchant.syncs.values_list("sync_id", "code", "started_at")),
    )


@pytest.mark.parametrize(("fault", "args"), [*UNREAD, *READ], ids=str)
def test_a_look_that_goes_wrong_changes_nothing_that_is_known(
    guessed: Sandbox, failing: Merchant, as_support: Client, fault: str, args: dict[str, Any]
) -> None:
    before = what_is_known(failing)
    guessed.fault(fault, args, method="GET", path_regex=mixtures.READS)
    with mixtures.impatient(guessed) as client:
        refresh(failing.pk, client)
    assert what_is_known(failing) == before
    page = as_support.get(f"/merchants/{failing.company_id}/").content.decode()
    assert (IN_VAIN in page) is ((fault, args) in UNREAD)


def test_a_company_that_codat_does_not_know_any_more_is_archived(guessed: Sandbox, failing: Merchant) -> None:
    guessed.fault("404", method="GET", path_regex=mixtures.READS)
    with mixtures.impatient(guessed) as client:
        refresh(failing.pk, client)
    assert Merchant.objects.get(pk=failing.pk).archived_why == "Codat does not know this company any more"
