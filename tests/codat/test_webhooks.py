"""A message is believed by its signature alone, and whatever else comes is told from it by one of two errors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from syncs.codat.webhooks import Malformed, NotCodat, checked_secrets, read
from tests.hooks import OTHER_SECRET, SECRET, about, headers, is_genuine

often = settings(max_examples=1000, deadline=None)
NOW = datetime(2026, 6, 17, 12, tzinfo=UTC)
COMPANY = "0498e921-9b53-4396-a412-4f2f5983b0a2"
PARTS = ("id", "timestamp", "signature")
words = st.text(max_size=60)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda each: st.lists(each, max_size=4) | st.dictionaries(words, each, max_size=4),
    max_leaves=12,
)


def is_refused(head: dict[str, str], body: bytes) -> bool:
    with time_machine.travel(NOW, tick=False):
        try:
            read(head, body, [SECRET, OTHER_SECRET], NOW)
        except (Malformed, NotCodat) as error:
            sentence = str(error)
            return sentence.endswith(".") and "\n" not in sentence and len(sentence) < 150
    return False


def test_the_example_of_the_service_behind_is_read() -> None:
    """Its test vector; the moment is long past."""
    at = datetime.fromtimestamp(1614265330, UTC)
    head = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with time_machine.travel(at):
        event = read(head, b'{"test": 2432232314}', ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], at)
    assert (event.message_id, event.kind, event.company_id) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "", "")


@pytest.mark.parametrize("kind", ["connection.deleted", "company.deleted"])
@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
def test_of_which_company_a_message_tells(kind: str, secret: str) -> None:
    body = json.dumps(about(COMPANY, kind)).encode()
    with time_machine.travel(NOW, tick=False):
        event = read(headers(body, at=NOW, secrets=[secret]), body, [SECRET, OTHER_SECRET], NOW)
    assert (event.kind, event.company_id) == (kind, COMPANY)


@often
@given(
    head=st.fixed_dictionaries({}, optional={f"webhook-{part}": words for part in PARTS})
    | st.fixed_dictionaries({f"svix-{part}": words for part in PARTS})
    | st.fixed_dictionaries(
        {
            "webhook-id": st.just("msg_1"),
            "webhook-timestamp": st.integers(0, 10**13).map(str) | st.just(str(int(NOW.timestamp()))),
            "webhook-signature": st.text("v1,a =+/A", max_size=60)
            | st.binary(min_size=32, max_size=32).map(lambda each: f"v1,{each.hex()[:43]}="),
        }
    ),
    body=st.binary(max_size=200),
)
def test_forged_headers_are_refused(head: dict[str, str], body: bytes) -> None:
    assert is_refused(head, body)


@often
@given(
    part=st.sampled_from([*PARTS, "body"]),
    how=st.sampled_from(["cut", "doubled", "changed"]),
    where=st.integers(min_value=0),
    char=st.characters(min_codepoint=33, max_codepoint=255),
)
def test_a_genuine_message_that_was_tampered_with_is_refused(
    part: str, how: str, where: int, char: str
) -> None:
    body = json.dumps(about(COMPANY)).encode()
    head = headers(body, at=NOW)
    told = body.decode() if part == "body" else head[f"webhook-{part}"]
    at = where % len(told)
    ways = {"cut": told[:at], "doubled": told[:at] + told, "changed": told[:at] + char + told[at + 1 :]}
    spoilt = told + told if is_genuine(part, ways[how], told) else ways[how]
    spoilt_head = head if part == "body" else head | {f"webhook-{part}": spoilt}
    assert is_refused(spoilt_head, spoilt.encode() if part == "body" else body)


@often
@given(event=jsons | st.fixed_dictionaries({"eventType": words, "payload": jsons}))
def test_a_signed_body_of_any_shape_tells_of_no_company(event: Any) -> None:
    body = json.dumps(event).encode()
    with time_machine.travel(NOW, tick=False):
        try:
            assert read(headers(body, at=NOW), body, [SECRET], NOW).company_id == ""
        except Malformed:
            assert not isinstance(event, dict)


@often
@given(away=st.integers(-1000, 1000))
def test_what_is_older_or_younger_than_five_minutes_is_refused(away: int) -> None:
    head = headers(b"{}", at=NOW + timedelta(seconds=away))
    assert is_refused(head, b"{}") == (abs(away) > 300)


@pytest.mark.parametrize("value", [SECRET, f"  {SECRET}   {OTHER_SECRET} ", SECRET.removeprefix("whsec_")])
def test_one_secret_or_several_are_taken(value: str) -> None:
    assert checked_secrets(value) == value.split()


@pytest.mark.parametrize("value", ["whsec_", "canary", f"{SECRET} whsec_canary", f"{SECRET},{OTHER_SECRET}"])
def test_what_is_no_secret_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ValueError, match=r"^Secret \d of \d is none: copy it") as refused:
        checked_secrets(value)
    assert "canary" not in str(refused.value)
    assert SECRET not in str(refused.value)
