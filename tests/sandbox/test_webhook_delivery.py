"""How messages are delivered: signed, again and again until they are taken, and to this machine only (Codat docs)."""

import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox.webhooks.courier import WAITS
from sandbox.webhooks.posting import Result, post
from sandbox.webhooks.signing import signature
from sandbox.world import World
from tests.sandbox.listening import (
    Listener,
    deliver,
    deliveries,
    listening,
    newest_is_tried,
    quiet_for_a_while,
    something_happens,
    subscribed,
    tries,
)
from tests.sandbox.worlds import StoppedClock, read, send, world_at


def secrets(world: World) -> list[str]:
    return list(read(world, "/_sandbox/webhooks")["consumers"][0]["secrets"])


def is_signed(listener: Listener, secret: str, *, prefix: str = "webhook") -> bool:
    """Checked as the docs tell consumers to, without our code."""
    headers, body = listener.heard[-1]
    signed = f"{headers[f'{prefix}-id']}.{headers[f'{prefix}-timestamp']}.".encode() + body
    key = b64decode(secret.removeprefix("whsec_"))
    expected = b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    return f"v1,{expected}" in headers[f"{prefix}-signature"].split(" ")


def test_the_signature_is_that_of_the_services_own_example() -> None:
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature([secret], message_id, 1614265330, b'{"test": 2432232314}') == expected


def test_a_message_comes_with_its_id_its_time_and_its_signature(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    subscribed(world, listener, "company.created")
    something_happens(world)
    deliver(world, lambda: tries(world) == 1)
    headers, body = listener.heard[0]
    (delivery,) = deliveries(world)
    assert json.loads(body) == delivery["body"]
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("delivered", 200)
    assert headers["webhook-id"] == delivery["messageId"]
    assert headers["webhook-id"].startswith("msg_")
    assert headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["host"] in listener.url
    assert is_signed(listener, secrets(world)[0])
    assert not any(name.startswith("svix-") for name in headers)


@pytest.mark.parametrize(
    ("switch", "prefixes"),
    [
        pytest.param("webhook", {"webhook"}, marks=pytest.mark.switch(webhook_headers="webhook")),
        pytest.param("svix", {"svix"}, marks=pytest.mark.switch(webhook_headers="svix")),
        pytest.param("both", {"webhook", "svix"}, marks=pytest.mark.switch(webhook_headers="both")),
    ],
)
def test_the_three_headers_go_by_two_names(
    world: World, listener: Listener, switch: str, prefixes: set[str]
) -> None:
    world.turn({"webhook_headers": switch})
    subscribed(world, listener)
    something_happens(world)
    deliver(world, lambda: bool(listener.heard))
    assert {name.removesuffix("-id") for name in listener.heard[0][0] if name.endswith("-id")} == prefixes
    assert all(is_signed(listener, secrets(world)[0], prefix=prefix) for prefix in prefixes)


def test_while_one_secret_takes_the_others_place_both_sign(world: World, listener: Listener) -> None:
    consumer = subscribed(world, listener)
    (old,) = secrets(world)
    send(world, f"/_sandbox/webhooks/{consumer['id']}/secret")
    something_happens(world)
    deliver(world, lambda: bool(listener.heard))
    assert is_signed(listener, old)
    assert is_signed(listener, secrets(world)[0])
    assert secrets(world)[0] != old


def test_a_failure_is_tried_again_with_the_same_id_at_the_documented_times_and_then_no_more(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    listener.statuses = [500]
    subscribed(world, listener)
    something_happens(world)
    moments = []
    for number, wait in enumerate([*WAITS, None], 1):
        deliver(world, lambda done=number: tries(world) == done)
        moments.append(clock.now())
        if wait:
            clock.passes(seconds=wait.total_seconds() - 1)
            deliver(world, quiet_for_a_while())
            assert tries(world) == number
            clock.passes(seconds=1)
    waits = [after - before for before, after in pairwise(moments)]
    assert waits == [timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 36_000)]
    assert len(set(listener.header("webhook-id"))) == 1
    assert len(set(listener.header("webhook-timestamp"))) == 8
    assert len({body for _, body in listener.heard}) == 1
    assert deliveries(world)[0]["state"] == "failed"
    clock.passes(days=1)
    deliver(world, quiet_for_a_while())
    assert tries(world) == 8


def test_a_consumer_that_comes_round_is_left_in_peace(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    listener.statuses = [503, 204]
    subscribed(world, listener)
    something_happens(world)
    deliver(world, lambda: tries(world) == 1)
    clock.passes(seconds=5)
    deliver(world, lambda: tries(world) == 2)
    assert [attempt["status"] for attempt in deliveries(world)[0]["attempts"]] == [503, 204]
    assert deliveries(world)[0]["state"] == "delivered"


@pytest.mark.parametrize("status", [301, 307, 404, 410, 500])
def test_only_a_2xx_is_an_acknowledgement_and_a_redirect_is_not_followed(
    world: World, listener: Listener, status: int
) -> None:
    listener.statuses = [status]
    subscribed(world, listener)
    something_happens(world)
    deliver(world, lambda: tries(world) == 1)
    assert (deliveries(world)[0]["state"], len(listener.heard)) == ("waiting", 1)


def test_who_does_not_answer_in_time_or_not_in_http_or_not_at_all_has_failed(listener: Listener) -> None:
    async def say_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"nonsense\r\n\r\n")
        writer.close()

    async def post_to_a_fool() -> Result:
        async with await asyncio.start_server(say_nonsense, "127.0.0.1", 0) as server:
            return await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, b"")

    listener.may_answer.clear()
    assert asyncio.run(post(listener.url, {}, b"", 0.2)) == Result(error="No answer within 0.2 seconds.")
    assert "RemoteProtocolError" in (asyncio.run(post_to_a_fool()).error or "")
    assert "Refused" in (asyncio.run(post("http://localhost:9/", {}, b"")).error or "")


ELSEWHERE = (
    "http://192.0.2.1/hook",
    "http://127.0.0.2/hook",
    "http://127.0.0.1@192.0.2.1/hook",
    "http://127.0.0.1.example.com/hook",
    "http://localhost.example.com/",
    "http://2130706433/",
    "https://127.0.0.1/hook",
    "http://[::ffff:192.0.2.1]/",
)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_nothing_is_ever_sent_elsewhere_and_that_is_on_record(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    subscribed(world, Listener(url))
    calls: list[Any] = []
    monkeypatch.setattr("asyncio.open_connection", lambda *where: calls.append(where))
    something_happens(world)
    deliver(world, lambda: bool(deliveries(world)))
    assert (deliveries(world)[0]["state"], tries(world)) == ("not sent", 0)
    assert asyncio.run(post(url, {}, b"")).error
    assert calls == []


def test_after_five_days_of_nothing_but_failures_a_consumer_is_disabled(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    listener.statuses = [500]
    subscribed(world, listener)
    for day in range(5):
        something_happens(world)
        deliver(world, newest_is_tried(world, day + 1))
        assert not read(world, "/webhooks")["results"][0]["disabled"], day
        clock.passes(days=1)
    deliver(world, lambda: read(world, "/webhooks")["results"][0]["disabled"])
    deliver(world, quiet_for_a_while())
    assert {each["state"] for each in deliveries(world)} <= {"dropped", "failed"}
    heard = len(listener.heard)
    something_happens(world)
    deliver(world, quiet_for_a_while())
    assert len(listener.heard) == heard


def test_one_success_in_between_and_the_five_days_begin_anew(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    subscribed(world, listener)
    for count, status in enumerate((500, 200, 500), 1):
        listener.statuses = [status]
        something_happens(world)
        deliver(world, newest_is_tried(world, count))
        clock.passes(days=3)
    assert not read(world, "/webhooks")["results"][0]["disabled"]


def test_what_was_not_delivered_is_tried_on_after_a_restart(
    tmp_path: Path, clock: StoppedClock, listener: Listener
) -> None:
    listener.statuses = [500, 200]
    first = world_at(clock, data=tmp_path)
    subscribed(first, listener)
    something_happens(first)
    deliver(first, lambda: tries(first) == 1)
    first.store.close()
    clock.passes(seconds=5)
    second = world_at(clock, data=tmp_path)
    deliver(second, lambda: tries(second) == 2)
    assert len(set(listener.header("webhook-id"))) == 1


def test_a_consumer_holds_up_neither_the_answers_nor_the_others(world: World, clock: StoppedClock) -> None:
    with listening() as slow, listening() as quick:
        slow.may_answer.clear()
        subscribed(world, slow)
        subscribed(world, quick)
        for _ in range(9):
            something_happens(world)
        deliver(world, lambda: len(quick.heard) == 9 and read(world, "/webhooks") and len(slow.heard) == 4)
        assert len(slow.heard) == 4


def is_noted(world: World) -> bool:
    return deliveries(world)[0]["state"] != "waiting"


def test_of_what_is_over_only_the_newest_are_kept(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.webhooks.outbox.KEPT", 3)
    subscribed(world, listener)
    for number in range(1, 7):
        something_happens(world)
        # Noted as well as heard: a courier that stops in between leaves it to be delivered again.
        deliver(world, lambda done=number: len(listener.heard) >= done and is_noted(world))
    deliver(world, quiet_for_a_while())
    assert len(deliveries(world)) <= 4
    assert world.store.execute("SELECT count(*) FROM webhook_message").fetchone()[0] <= 4
