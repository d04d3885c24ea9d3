"""A message is believed by its signature alone; what is refused is told in a sentence, and changes nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import override_settings

from syncs.models import Merchant, Webhook
from tests.conftest import NOON
from tests.hooks import ADDRESS, OTHER_SECRET, SECRET, TOMORROW, about, headers, line, post, tell
from tests.hooks import merchant as merchant
from tests.hooks import secret as secret

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_either_secret_is_good_while_one_takes_the_place_of_the_other(merchant: Merchant) -> None:
    with override_settings(CODAT_WEBHOOK_SECRETS=[OTHER_SECRET, SECRET]):
        assert tell({}, secrets=[SECRET]).status_code == 204
        assert tell({}, secrets=[OTHER_SECRET]).status_code == 204
        assert tell({}, secrets=[SECRET, OTHER_SECRET]).status_code == 204
    assert tell({}, secrets=[OTHER_SECRET]).status_code == 401


def test_the_names_of_the_service_behind_are_understood_too(merchant: Merchant) -> None:
    body = json.dumps(about(merchant.company_id)).encode()
    head = {name.replace("webhook", "svix"): value for name, value in headers(body).items()}
    assert post(body, head).status_code == 204
    assert line(merchant)[0] == NOON


@pytest.mark.parametrize(("away", "status"), [(-299, 204), (299, 204), (-301, 400), (301, 400)])
def test_five_minutes_are_tolerated_each_way(merchant: Merchant, away: int, status: int) -> None:
    answer = tell(about(merchant.company_id), at=NOON + timedelta(seconds=away))
    assert answer.status_code == status
    assert (line(merchant)[0] == NOON) == (status == 204)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("id", None, "The header webhook-id is missing."),
        ("timestamp", None, "The header webhook-timestamp is missing."),
        ("signature", "", "The header webhook-signature is missing."),
        ("id", "msg.1", "The header webhook-id is not the ID of a message."),
        ("id", "msg_1,msg_1", "The header webhook-id is not the ID of a message."),
        ("id", "m" * 101, "The header webhook-id is not the ID of a message."),
        ("timestamp", "noon", "The header webhook-timestamp is not a number of seconds."),
        ("timestamp", "1.5e9", "The header webhook-timestamp is not a number of seconds."),
        ("timestamp", "nan", "The header webhook-timestamp is not a number of seconds."),
        ("timestamp", "٣٤", "The header webhook-timestamp is not a number of seconds."),
        ("timestamp", "9" * 40, "The header webhook-timestamp is not a number of seconds."),
        (
            "timestamp",
            "99999999999",
            "The header webhook-timestamp is more than five minutes away from this panel's clock.",
        ),
        ("signature", "v1", "The header webhook-signature is not a list of signatures."),
        ("signature", "v1,a,b", "The header webhook-signature is not a list of signatures."),
        ("signature", "v1,?", "The header webhook-signature is not a list of signatures."),
        ("signature", "v1a,aGk=", "The header webhook-signature holds no signature of version 1."),
    ],
)
def test_a_header_that_is_missing_or_malformed_is_told_in_a_sentence(
    merchant: Merchant, name: str, value: str | None, sentence: str
) -> None:
    head = headers(b"{}")
    if value is None:
        del head[f"webhook-{name}"]
    else:
        head[f"webhook-{name}"] = value
    answer = post(b"{}", head)
    assert (answer.status_code, answer.content.decode()) == (400, f"{sentence}\n")


@pytest.mark.parametrize("told", ["abc", "1e3", "-1", "+5", "1.0", "1,000", "٣٤", "²", "7, 7", "9" * 5_000])
def test_a_length_that_is_no_number_is_told_in_a_sentence(merchant: Merchant, told: str) -> None:
    body = json.dumps(about(merchant.company_id)).encode()
    answer = post(body, headers(body) | {"Content-Length": told})
    sentence = "The header Content-Length is not a number of bytes."
    assert (answer.status_code, answer.content.decode()) == (400, f"{sentence}\n")
    assert line(merchant) == (TOMORROW, "settled")


def test_a_message_of_no_length_is_read_as_empty(merchant: Merchant) -> None:
    body = json.dumps(about(merchant.company_id)).encode()
    answer = post(body, headers(body) | {"Content-Length": ""})
    assert answer.status_code == 401
    assert line(merchant) == (TOMORROW, "settled")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON."),
        (b"{", "The body is not JSON."),
        (b"[" * 100_000, "The body is not JSON."),
        (b"9" * 5_000, "The body is not JSON."),
        (b"[]", "The body is not a JSON object."),
    ],
)
def test_a_signed_body_that_is_no_event_is_told_in_a_sentence(
    merchant: Merchant, body: bytes, sentence: str
) -> None:
    answer = post(body, headers(body))
    assert (answer.status_code, answer.content.decode()) == (400, f"{sentence}\n")


def test_a_body_that_was_changed_on_the_way_is_refused(merchant: Merchant) -> None:
    answer = post(json.dumps(about(merchant.company_id)).encode(), headers(b"{}"))
    assert answer.status_code == 401
    assert line(merchant) == (TOMORROW, "settled")
    assert not Webhook.objects.exists()


def test_what_is_too_long_is_refused_before_anything_is_checked() -> None:
    body = b"x" * (256 * 1024 + 1)
    assert post(body, {}).status_code == 413


def test_without_a_secret_nobody_listens() -> None:
    with override_settings(CODAT_WEBHOOK_SECRETS=[]):
        answer = tell({})
    assert answer.status_code == 404
    assert "CODAT_WEBHOOK_SECRETS is not set" in answer.content.decode()


def test_only_a_post_tells_anything(client: Any) -> None:
    assert client.get(ADDRESS).status_code == 405


def test_who_sends_no_headers_of_codat_is_not_waited_for(merchant: Merchant) -> None:
    """A body that is announced and never comes would hold a thread."""

    def waits(_: Any) -> bytes:
        raise AssertionError("its body was read")

    body = json.dumps(about(merchant.company_id)).encode()
    late = headers(body, at=NOON - timedelta(hours=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HttpRequest, "body", property(waits))
        assert post(body, {}).status_code == 400
        assert post(body, late).status_code == 400


def test_what_comes_in_chunks_is_told_so_and_not_that_the_secret_is_wrong(merchant: Merchant) -> None:
    body = json.dumps(about(merchant.company_id)).encode()
    answer = post(body, headers(body) | {"Transfer-Encoding": "chunked"})
    assert (answer.status_code, b"announce its length" in answer.content) == (411, True)
    assert line(merchant)[0] == TOMORROW
