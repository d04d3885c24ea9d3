"""The two ways out, over real sockets: what arrives, what is refused, and that no secret is told on the way."""

import json
import socket
from typing import Any

import pytest
from django.utils import timezone

from codat_admin.mail import CONSOLE, SMTP
from syncs import channels
from syncs.models import AlertRule, Delivery
from syncs.operations.deliveries import NotDelivered
from tests.codat.server import Server, drips, hangs_up, keeps_silent, says, sends
from tests.smtp import mail_server

SECRET = "T000-secret-B000"


def message(address: str, channel: str = "webhook") -> Delivery:
    """Unsaved: the ways out know no database."""
    rule = AlertRule(name="Desk", channel=channel, address=address)
    return Delivery(
        rule=rule,
        subject="<!channel> & Co began to fail",
        text="<!channel> & Co began to fail\n- one\n- two",
        made_at=timezone.now(),
    )


@pytest.fixture
def local(settings: Any) -> None:
    settings.ALERT_WEBHOOKS_MAY_BE_LOCAL = True


def refusal(delivery: Delivery) -> str:
    with pytest.raises(NotDelivered) as refused:
        channels.deliver(delivery)
    assert refused.value.__cause__ is None
    return refused.value.sentence


@pytest.mark.usefixtures("local")
def test_a_webhook_gets_one_text_as_slack_takes_it(scripted: Server) -> None:
    scripted.answers(says(200, b"ok"))
    channels.deliver(message(f"{scripted.url}/hook/{SECRET}"))
    [request] = scripted.requests
    assert (request.method, request.target) == ("POST", f"/hook/{SECRET}")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(request.body) == {"text": "&lt;!channel&gt; &amp; Co began to fail\n- one\n- two"}


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500])
def test_any_other_answer_is_a_refusal_and_a_redirect_is_not_followed(scripted: Server, status: int) -> None:
    scripted.answers(says(status, b"no", Location=f"{scripted.url}/elsewhere"), says(200))
    assert refusal(message(f"{scripted.url}/{SECRET}")) == f"The webhook answered {status}."
    assert len(scripted.requests) == 1


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("answer", [hangs_up, sends(b"banana\r\n\r\n"), sends(b"HTTP/1.1 2")])
def test_what_is_no_answer_is_told_without_the_address(
    scripted: Server, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    scripted.answers(answer)
    caplog.set_level("DEBUG")
    assert refusal(message(f"{scripted.url}/{SECRET}")) == "The webhook cannot be reached."
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    "answer", [keeps_silent, drips(b"HTTP/1.1 200 OK\r\nX-Slow: ")], ids=["silent", "drips"]
)
def test_one_who_never_ends_is_left_in_time(
    scripted: Server, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "ALL", 0.3)
    scripted.answers(answer)
    assert refusal(message(scripted.url)) == "The webhook did not answer in time."


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254", "intranet"]
)
def test_no_webhook_leads_into_our_own_network(scripted: Server, name: str) -> None:
    assert refusal(message(f"https://{name}:{scripted.port}/")) == "The webhook cannot be reached."
    assert scripted.connections == 0


def test_nor_by_a_name_that_looks_public(scripted: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner may let it lead anywhere, and elsewhere each time."""
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", scripted.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    told = refusal(message(f"https://hooks.example.com:{scripted.port}/{SECRET}"))
    assert told == "It leads into this machine's own network, where no webhook may go."
    assert not scripted.requests


def test_plain_http_is_no_way_out(scripted: Server) -> None:
    assert refusal(message("http://hooks.example.com/")) == "The webhook cannot be reached."


def test_an_e_mail_arrives_at_each_address() -> None:
    with mail_server() as server:
        channels.deliver(message("desk@example.com, lead@example.com", "email"))
    [mail] = server.mails
    assert (mail["To"], mail["Subject"]) == (
        "desk@example.com, lead@example.com",
        "<!channel> & Co began to fail",
    )
    assert server.texts[0].replace("\r\n", "\n").endswith("\n- one\n- two\n")


@pytest.mark.parametrize(
    ("refuses", "told"),
    [
        (
            {"to_recipients": "550 no such user desk@example.com"},
            "The mail server does not take mail for this address.",
        ),
        ({"to_mails": "554 spam of desk@example.com"}, "The mail server did not take it (554)."),
    ],
)
def test_a_mail_server_that_refuses_is_told_without_the_address(refuses: Any, told: str) -> None:
    with mail_server() as server:
        for name, words in refuses.items():
            setattr(server, name, words)
        assert refusal(message("desk@example.com", "email")) == told


def test_a_mail_server_that_is_away_is_told(settings: Any) -> None:
    with mail_server() as server:
        pass
    settings.EMAIL_BACKEND, settings.EMAIL_URL = SMTP, "smtp://127.0.0.1"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    assert refusal(message("desk@example.com", "email")) == "The mail server cannot be reached."


@pytest.mark.parametrize("sandbox", [True, False])
def test_without_a_mail_server_mails_are_written_to_the_log_of_a_sandbox_and_of_nobody_else(
    settings: Any, capsys: pytest.CaptureFixture[str], sandbox: bool
) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND, settings.SANDBOX = "", CONSOLE, sandbox
    if sandbox:
        channels.deliver(message("desk@example.com", "email"))
    else:
        assert (
            refusal(message("desk@example.com", "email"))
            == "E-mail is not set up here: EMAIL_URL is not set."
        )
    assert ("desk@example.com" in capsys.readouterr().out) is sandbox
