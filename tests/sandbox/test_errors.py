"""What is wrong with a request is told as Codat tells it, and never breaks the server."""

import re
import socket
from base64 import b64encode

import pytest
import requests

from sandbox.testing import Sandbox

UNKNOWN = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"


def is_codats_error(answer: requests.Response, status: int) -> bool:
    body = answer.json()
    return (
        answer.status_code == body["statusCode"] == status
        and answer.headers["Content-Type"] == "application/json; charset=utf-8"
        and re.fullmatch(r"[0-9a-f]{32}", body["correlationId"]) is not None
        and (body["canBeRetried"], body["detailedErrorCode"]) == ("Unknown", 0)
        and bool(body["service"] and body["error"])
    )


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "test-key",
        "Basic test-key",
        f"Basic {b64encode(b'test-key:').decode()}",
        f"Basic {b64encode(b'other').decode()}",
        f"Bearer {b64encode(b'test-key').decode()}",
        "Basic \u00e9",
    ],
)
def test_only_the_base64_of_the_key_alone_opens_the_door(sandbox: Sandbox, authorization: str | None) -> None:
    headers = {"Authorization": authorization.encode("latin-1")} if authorization else {}
    answer = requests.get(f"{sandbox.url}/companies", headers=headers, timeout=5)
    assert is_codats_error(answer, 401)
    assert answer.json()["error"] == "Unauthorized"


def test_a_wrong_key_is_said_before_an_unknown_path(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/nowhere", timeout=5).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/",
        "/companies/",
        "/meta/companies",
        f"/companies/{UNKNOWN}/sync/commerce/latest/",
        "/../etc",
    ],
)
def test_an_unknown_path_is_a_404_with_codats_body(sandbox: Sandbox, path: str) -> None:
    assert is_codats_error(sandbox.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/companies", "GET, POST"),
        ("GET", f"/companies/{UNKNOWN}/sync/commerce/latest", "POST"),
        ("PUT", f"/meta/companies/{UNKNOWN}/sync/commerce/status", "GET"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    sandbox: Sandbox, method: str, path: str, allowed: str
) -> None:
    answer = sandbox.session.request(method, f"{sandbox.url}{path}", timeout=5)
    assert is_codats_error(answer, 405)
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/companies/{}",
        "/companies/{}/connections",
        "/config/companies/{}/sync/commerce",
        "/meta/companies/{}/sync/commerce/status",
        "/companies/{}/sync/commerce/syncs/list/status",
        "/companies/{}/sync/commerce/syncs/latest/status",
    ],
)
@pytest.mark.parametrize(
    "company_id", [UNKNOWN, "not-a-guid", "%2e%2e", "zzzzzzzz-974b-4392-a1f1-87b6fdbf3c5e"]
)
def test_a_company_that_is_not_there_is_a_404_that_names_it(
    sandbox: Sandbox, path: str, company_id: str
) -> None:
    answer = sandbox.get(path.format(company_id))
    assert is_codats_error(answer, 404)
    if company_id == UNKNOWN:
        assert answer.json()["error"] == f"No company was found with ID {UNKNOWN}"
        assert answer.json()["service"] == "ClientsApi"


def test_each_error_has_a_correlation_id_of_its_own(sandbox: Sandbox) -> None:
    ids = {sandbox.get("/nowhere").json()["correlationId"] for _ in range(5)}
    assert len(ids) == 5


def test_the_quota_is_told_with_every_answer_good_or_bad(sandbox: Sandbox) -> None:
    answers = [sandbox.get("/companies"), sandbox.get("/nowhere"), requests.get(f"{sandbox.url}/", timeout=5)]
    remaining = [int(answer.headers["X-Rate-Limit-Remaining"]) for answer in answers]
    assert remaining == [remaining[0], remaining[0] - 1, remaining[0] - 2]
    assert {answer.headers["X-Rate-Limit-Limit"] for answer in answers} == {str(1000 * (1 + 39))}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", answers[0].headers["X-Rate-Limit-Reset"])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /companies HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_100_000, 413),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n", 431),
    ],
)
def test_what_is_not_http_gets_an_answer_and_then_the_connection_ends(
    sandbox: Sandbox, sent: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        raw.sendall(sent)
        raw.settimeout(5)
        answer = raw.recv(4096)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert sandbox.get("/companies").status_code == 200


def test_requests_sent_in_one_breath_are_answered_in_their_order(sandbox: Sandbox) -> None:
    one = b"GET /_sandbox/kinds HTTP/1.1\r\nHost: a\r\n\r\n"
    other = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    received = b""
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        raw.sendall(one + other)
        while part := raw.recv(65536):
            received += part
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"401"]
