"""Whatever anybody sends to the address that Codat tells its news to: no error of ours, and no change but in line."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncs.codat.webhooks import WANTED
from syncs.models import Connection, Merchant, Sync, SyncRequest, Webhook
from tests.conftest import NOON
from tests.factories import make_merchant, make_sync
from tests.hooks import OTHER_SECRET, SECRET, about, headers, is_genuine, post, tell

# The rows that a test begins with serve all of its examples; what one example changes is put back.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.usefixtures("listening")]
often = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
FAR = NOON + timedelta(days=1)
IN_LINE = ("told_at", "next_refresh_at", "next_refresh_reason")
PARTS = ("id", "timestamp", "signature")

words = st.text(max_size=60)
latin = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
jsons = st.recursive(
    scalars, lambda each: st.lists(each, max_size=4) | st.dictionaries(words, each, max_size=4), max_leaves=12
)
no_lengths = words | latin | st.text("0123456789", min_size=10, max_size=6_000)
malformed_lengths = no_lengths.filter(lambda told: told and not re.fullmatch("[0-9]{1,9}", told))
kinds = st.sampled_from(
    [
        "connection.deleted",
        "connection.connected",
        "company.deleted",
        "company.product.added",
        "read.completed",
    ]
)


@pytest.fixture
def listening(moved: time_machine.Traveller) -> Iterator[None]:
    merchant = make_merchant(next_refresh_at=FAR, next_refresh_reason="settled", refreshed_at=NOON)
    make_sync(merchant)
    with override_settings(CODAT_WEBHOOK_SECRETS=[SECRET]):
        yield


def everything(*, but: tuple[str, ...] = ()) -> list[list[dict[str, Any]]]:
    tables = [
        list(model.objects.order_by("pk").values()) for model in (Merchant, Connection, Sync, SyncRequest)
    ]
    return [[{name: row[name] for name in row if name not in but} for row in rows] for rows in tables]


def put_back() -> None:
    Webhook.objects.all().delete()
    Merchant.objects.update(told_at=None, next_refresh_at=FAR, next_refresh_reason="settled")


@often
@given(
    head=st.fixed_dictionaries(
        {},
        optional={f"webhook-{part}": words | latin for part in PARTS} | {"Content-Length": malformed_lengths},
    )
    | st.fixed_dictionaries({f"svix-{part}": words | latin for part in PARTS}),
    body=st.binary(max_size=200),
)
def test_forged_headers_change_nothing(head: dict[str, str], body: bytes) -> None:
    before = everything()
    answer = post(body, head)
    assert answer.status_code in {400, 401}
    assert 10 < len(answer.content) < 150
    assert everything() == before
    assert not Webhook.objects.exists()


@often
@given(told=malformed_lengths)
def test_a_genuine_message_whose_length_is_malformed_changes_nothing(told: str) -> None:
    body = json.dumps(about(Merchant.objects.get().company_id)).encode()
    before = everything()
    answer = post(body, headers(body) | {"Content-Length": told})
    assert (answer.status_code, b"Content-Length" in answer.content) == (400, True)
    assert everything() == before


@often
@given(
    part=st.sampled_from([*PARTS, "body"]),
    how=st.sampled_from(["cut", "doubled", "changed"]),
    where=st.integers(min_value=0),
    byte=st.integers(33, 126),
)
def test_a_genuine_message_that_was_tampered_with_changes_nothing(
    part: str, how: str, where: int, byte: int
) -> None:
    body = json.dumps(about(Merchant.objects.get().company_id)).encode()
    head = headers(body, message_id="msg_1")
    told = body.decode() if part == "body" else head[f"webhook-{part}"]
    at = where % len(told)
    spoilt = {
        "cut": told[:at],
        "doubled": f"{told}{told[at:]}",
        "changed": f"{told[:at]}{chr(byte)}{told[at + 1 :]}",
    }
    if is_genuine(part, spoilt[how], told):
        return
    before = everything()
    answer = (
        post(spoilt[how].encode(), head)
        if part == "body"
        else post(body, head | {f"webhook-{part}": spoilt[how]})
    )
    assert answer.status_code in {400, 401}
    assert everything() == before
    assert not Webhook.objects.exists()


@often
@given(event=jsons | st.fixed_dictionaries({"eventType": kinds | words, "payload": jsons}))
def test_a_signed_body_of_any_shape_changes_nothing(event: Any) -> None:
    before = everything()
    assert tell(event).status_code in {204, 400}
    assert everything() == before


@often
@given(body=st.binary(max_size=300))
def test_signed_bytes_of_any_kind_change_nothing(body: bytes) -> None:
    before = everything()
    # What is no text cannot be signed here; its signature is another's.
    signed = body if _is_text(body) else b"{}"
    assert post(body, headers(signed)).status_code in {204, 400, 401}
    assert everything() == before


@often
@given(
    sent=st.lists(st.tuples(st.integers(1, 6), kinds, st.integers(0, 7)), min_size=1, max_size=12),
    secret=st.sampled_from([SECRET, OTHER_SECRET]),
)
def test_replayed_and_reordered_messages_only_move_the_next_look(
    sent: list[tuple[int, str, int]],
    secret: str,
) -> None:
    put_back()
    company_id, before = Merchant.objects.get().company_id, everything(but=IN_LINE)
    with time_machine.travel(NOON, tick=False) as clock:
        for number, kind, seconds in sent:
            clock.shift(seconds)
            line = Merchant.objects.get().next_refresh_at
            event = about(company_id, kind)
            assert tell(event, message_id=f"msg_{number}", secrets=[secret]).status_code == (
                204 if secret == SECRET else 401
            )
            now = Merchant.objects.get()
            assert now.next_refresh_at
            assert line
            assert now.next_refresh_at <= line
            assert now.next_refresh_at == line or timezone.now() <= now.next_refresh_at
            assert now.next_refresh_at >= NOON + timedelta(seconds=10), "It was looked at just now."
    assert everything(but=IN_LINE) == before
    wanted = {number for number, kind, _ in sent if kind in WANTED and secret == SECRET}
    assert Webhook.objects.count() == len(wanted)
    put_back()


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
