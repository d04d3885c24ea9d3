"""The key goes out in one header and shows nowhere else: not in errors, logs, reprs or the frames of a trace."""

import base64
import json
import logging
import re
import traceback
from collections.abc import Iterator

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError
from syncs.codat.key import Key
from tests.codat.conftest import KEY, make_client
from tests.codat.examples import COMPANY, DONE, STARTED, ask_latest
from tests.codat.server import Server, hangs_up, keeps_silent, says, sends
from tests.valkey import free_port

ENCODED = base64.b64encode(KEY.encode()).decode()


@pytest.mark.parametrize("given", [KEY, f" {KEY}\n", f"Basic {ENCODED}", f"basic {ENCODED}"])
def test_a_raw_key_and_a_ready_header_become_the_same_header(server: Server, given: str) -> None:
    server.answers(says(200, STARTED))
    with CodatClient(base_url=server.url, api_key=given, budget=LocalBudget()) as client:
        ask_latest(client)
    assert server.requests[0].headers["authorization"] == f"Basic {ENCODED}"


def test_the_example_of_the_documents() -> None:
    assert Key("APIKEY").header == "Basic QVBJS0VZ"


@pytest.mark.parametrize("given", ["", "  ", "two words", "Basic ", "Basic two words", "line\nbreak", "ключ"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Key(given)
    assert not given.strip() or given not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "api.codat.io", "ftp://x", "https://", "https://user:pw@x", "https://x?a=b", "https://x#a"],
)
def test_what_cannot_be_an_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ValueError, match="address must look like") as caught:
        make_client(address)
    assert "pw" not in str(caught.value)


def everything_shown(error: BaseException | None) -> Iterator[str]:
    """What a log, an error page or a crash reporter could print of an error."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error)))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                yield repr(frame.f_locals)
        error = error.__context__


QUOTING = {"error": f"The header Basic {ENCODED} of {KEY} is not ours", "correlationId": KEY}
WAYS_TO_FAIL = {
    "refused": says(401, QUOTING),
    "quoted to the brim": says(400, {"error": "x" * 290 + ENCODED}),
    "uncertain": says(500, QUOTING),
    "later": says(429, QUOTING),
    "a web page": says(200, f"<html>{KEY} {ENCODED}</html>".encode()),
    "no HTTP": sends(ENCODED.encode() + b"\r\n\r\n"),
    "cut": hangs_up,
    "silence": keeps_silent,
}


@pytest.mark.parametrize("step", WAYS_TO_FAIL.values(), ids=WAYS_TO_FAIL.keys())
def test_no_failure_shows_the_key(
    server: Server, client: CodatClient, step: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers(step)
    for call in (ask_latest, lambda client: client.company(COMPANY)):
        with pytest.raises(CodatError) as caught:
            call(client)
        shown = "\n".join([*everything_shown(caught.value), caplog.text])
        assert KEY not in shown
        assert ENCODED[:12] not in shown


# Its base64 holds a plus, a slash and padding.
ODD_KEY = "~~>?canary-7e>>~"
ODD = base64.b64encode(ODD_KEY.encode()).decode()
QUOTES = {
    "raw": ODD_KEY,
    "as sent": f"Basic {ODD}",
    "without padding": ODD.rstrip("="),
    "for web addresses": base64.urlsafe_b64encode(ODD_KEY.encode()).decode(),
    "lower case": ODD.lower(),
    "JSON within JSON": json.dumps({"header": ODD}).replace("+", "\\u002B").replace("=", "\\u003d"),
}


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES.keys())
def test_what_codat_quotes_of_the_key_is_taken_out_before_anybody_reads_it(
    server: Server, quote: str, escaped: bool
) -> None:
    body = json.dumps({**DONE, "errorMessage": f"You sent {quote}!", "more": [{quote: quote}]})
    if escaped:
        # As .NET writes JSON, and as PHP does.
        body = body.replace("+", "\\u002B").replace(">", "\\u003E").replace("/", "\\/")
    server.answers(says(200, f"[{body}]".encode()))
    with CodatClient(base_url=server.url, api_key=ODD_KEY, budget=LocalBudget()) as client:
        [sync] = client.syncs(COMPANY)
    assert re.fullmatch(r"You sent (Basic |.*header.*)?\[key\](\"})?!", sync.error_message)
    shown = str(sync).lower()
    assert not any(part in shown for part in ("canary", ODD[:12].lower(), ODD[8:20].lower()))
    assert sync.sync_id == DONE["syncId"]


def test_a_ready_header_without_padding_hides_the_key_too() -> None:
    key = Key(f"Basic {ENCODED.rstrip('=')}")
    assert key.redacted(f"{KEY} {ENCODED}".encode()) == b"[key] [key]"


def test_a_key_that_is_too_short_to_be_told_from_words_takes_no_words_out() -> None:
    assert Key("abc").redacted(b"abcdef") == b"abcdef"


def test_no_connection_shows_no_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with make_client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(CodatError) as caught:
        ask_latest(client)
    assert caught.value.__context__ is None
    assert ENCODED not in "\n".join([*everything_shown(caught.value), caplog.text])


def test_reprs_show_the_address_and_not_the_key(client: CodatClient, server: Server) -> None:
    assert repr(client) == f"CodatClient(base_url='{server.url}')"
    assert repr(Key(KEY)) == "Key(...)"


def test_a_netrc_file_does_not_take_the_place_of_the_key(
    server: Server, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.answers(says(200, STARTED))
    with make_client(server.url, use_env_proxies=True) as client:
        ask_latest(client)
    assert server.requests[0].headers["authorization"] == f"Basic {ENCODED}"
