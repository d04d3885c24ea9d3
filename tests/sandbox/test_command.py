"""`python -m sandbox` as a program: how it starts, where it listens, how it ends."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.testing import running

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=20,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_and_stops_at_once_though_a_client_holds_on(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout
    line = process.stdout.readline()
    found = re.fullmatch(r"sandbox ready on http://127\.0\.0\.1:(\d+)\n", line)
    assert found, line
    with socket.create_connection(("127.0.0.1", int(found[1])), 5) as idle:
        idle.sendall(b"GET /companies HTTP/1.1\r\n")
        process.send_signal(number)
        assert process.wait(2) == 0
    assert process.stdout.read() == ""
    process.stdout.close()


def test_it_listens_on_127_0_0_1_and_nowhere_else() -> None:
    with running() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), 5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), 5)


def test_a_port_that_is_taken_is_said_in_a_plain_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = command("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert ended.stderr.startswith("The sandbox cannot start: ")
    assert "Traceback" not in ended.stderr


def test_data_that_cannot_be_read_is_said_in_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "sandbox.sqlite3").write_text("this is no database, whatever its name says")
    ended = command("--data", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, "The sandbox cannot start: file is not a database\n")


def test_a_switch_that_does_not_exist_is_said_with_those_that_do() -> None:
    ended = command("--switch", "gravity=off")
    assert ended.returncode == 1
    assert "There is no switch 'gravity'." in ended.stderr
    assert "overlap" in ended.stderr


def test_a_value_that_a_switch_does_not_have_is_said_with_those_it_has() -> None:
    ended = command("--switch", "overlap=maybe")
    assert ended.returncode == 1
    assert "fails, refused, allowed" in ended.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--life=delay=soon", "'delay' is a number of seconds"),
        ("--outage=tomorrow", "is a JSON object, not 'tomorrow'"),
        ('--outage={"until":"2026"}', '"until" is a date and time'),
        ('--wave={"platform":"gbol"}', '"cause" is'),
    ],
)
def test_an_order_that_makes_no_sense_is_said_in_a_plain_sentence(option: str, words: str) -> None:
    ended = command(option)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_outages_and_waves_may_be_ordered_at_the_start() -> None:
    outage = '{"from":"2020-01-01","until":"2099-01-01","api":true}'
    wave = '{"platform":"gbol","cause":"billing"}'
    with running(options=["--life", "hours=3", "--outage", outage, "--wave", wave]) as sandbox:
        assert sandbox.get("/companies").status_code == 503
        assert sandbox.get("/_sandbox/outages").json()[0]["api"] is True
        assert sandbox.get("/_sandbox/waves").json()[0]["cause"] == "billing"
        assert {merchant["hour"] for merchant in sandbox.merchants()} == {3}


@pytest.mark.parametrize("option", ["--speed=0", "--speed=fast", "--merchants=-1", "--port=door"])
def test_nonsense_on_the_command_line_is_refused(option: str) -> None:
    assert command(option).returncode == 2
