"""A tab of F4 never ends in silence: whatever else than its next poll it is answered is an error, and it asks again."""

import asyncio
from collections import Counter

import pytest

from bench.browser import Poll, poll_of
from bench.tabs import Seen, Tab

PAGE = '<div id="rows" hx-get="/live" hx-trigger="every 0.01s">'


def answer(status: str = "200 OK", body: str = "", *fields: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 " + status, *fields, f"Content-Length: {len(body)}", "", body]).encode()


async def a_tab_that_is_answered(polls: list[bytes]) -> tuple[Counter[str], bool, int]:
    """Its page, then these, one a poll, the last again and again. Its errors, whether it is open, and its polls."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while request := (await reader.readuntil(b"\r\n\r\n")).decode():
            is_page = request.startswith("GET / ")
            asked += not is_page
            writer.write(answer(body=PAGE) if is_page else polls[min(asked, len(polls)) - 1])

    async def ignore_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(ignore_the_end, "127.0.0.1", 0)
    seen = Seen()
    tab = Tab(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "/", "", seen)
    life = asyncio.create_task(tab.live(asyncio.Semaphore(), 0.0))
    while asked < len(polls) + 3 and not life.done():
        await asyncio.sleep(0.005)
    found = seen.errors, tab.is_open, asked
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    server.close()
    return found


def lived(*polls: bytes) -> tuple[Counter[str], bool, int]:
    return asyncio.run(asyncio.wait_for(a_tab_that_is_answered(list(polls)), 10))


@pytest.mark.parametrize("nothing_wrong", [answer("204 No Content"), answer(body=PAGE)], ids=["204", "news"])
def test_nothing_new_and_news_are_no_errors(nothing_wrong: bytes) -> None:
    errors, is_open, _ = lived(nothing_wrong)
    assert not errors
    assert is_open


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (answer("200 OK", "", "HX-Redirect: /sign-in/"), "sent away without a poll"),
        (answer("200 OK"), "200 without a poll"),
        (answer("500 Internal Server Error", "Sorry"), "500 without a poll"),
        (answer("302 Found", "", "Location: /sign-in/"), "302 without a poll"),
    ],
    ids=["signed out", "empty", "500", "302"],
)
def test_what_is_no_answer_to_a_poll_is_an_error_and_the_tab_asks_again(wrong: bytes, told: str) -> None:
    errors, is_open, asked = lived(wrong, answer("204 No Content"))
    assert errors == {told: 1}
    assert is_open
    assert asked > 2


@pytest.mark.parametrize(
    ("page", "put_off"),
    [(PAGE, True), (PAGE.replace(">", " data-waited-for>"), False)],
    ids=["a list", "waited for"],
)
def test_a_tab_leaves_out_a_poll_when_it_is_put_off_unless_somebody_waits(
    page: str, *, put_off: bool
) -> None:
    poll = poll_of(page)
    assert poll
    assert poll.pause(crowded=False) == poll.every
    assert (poll.pause(crowded=True) == 2 * poll.every) is put_off


@pytest.mark.parametrize(
    ("wrong", "put_off"),
    [
        (answer("204 No Content", "", "Panel-Crowded: 1"), True),
        (answer("502 Bad Gateway"), True),
        (answer("204 No Content"), False),
    ],
    ids=["crowded", "no answer", "as usual"],
)
def test_it_is_put_off_by_a_crowd_and_by_no_answer(
    monkeypatch: pytest.MonkeyPatch, wrong: bytes, *, put_off: bool
) -> None:
    pauses: list[bool] = []

    def note(_poll: Poll, *, crowded: bool) -> float:
        pauses.append(crowded)
        return 0.01

    monkeypatch.setattr(Poll, "pause", note)
    lived(wrong, answer("204 No Content"))
    assert pauses[:3] == [False, put_off, False]


def test_a_tab_that_breaks_is_an_error_and_is_not_counted_as_open() -> None:
    errors, is_open, _ = lived(b"HTTP/1.1\r\n\r\n")
    assert sum(errors.values()) == 1
    assert not is_open
