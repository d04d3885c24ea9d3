import io
import os

import pytest

from syncs.processes.lines import LONGEST_LINE, Lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def copied(lines: Lines, name: str, content: bytes) -> None:
    reading, writing = os.pipe()
    reader = lines.follow(name, os.fdopen(reading, "rb"))
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(content)
    reader.join(timeout=5)
    assert not reader.is_alive()


def test_each_line_bears_the_name_of_who_wrote_it(screen: io.StringIO) -> None:
    copied(Lines(screen), "web", b"one\ntwo\n")
    assert screen.getvalue() == "web        | one\nweb        | two\n"


def test_the_longest_name_keeps_the_marks_in_line(screen: io.StringIO) -> None:
    Lines(screen).write("refreshing", "hello")
    assert screen.getvalue() == "refreshing | hello\n"


def test_a_file_gets_no_colours(screen: io.StringIO) -> None:
    Lines(screen).write("web", "hello")
    assert "\x1b" not in screen.getvalue()


def test_a_terminal_gets_a_colour_of_its_own_for_each_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    lines = Lines(terminal)
    lines.write("web", "hello")
    lines.write("clock", "hello")
    first, second = terminal.getvalue().splitlines()
    assert first.startswith("\x1b[")
    assert first[:5] != second[:5]


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    Lines(terminal).write("web", "hello")
    assert terminal.getvalue() == "web        | hello\n"


def test_bytes_that_are_no_text_do_not_stop_the_copying(screen: io.StringIO) -> None:
    copied(Lines(screen), "web", b"\xff\xfe\nafter\n")
    assert screen.getvalue().endswith("web        | after\n")


def test_a_line_without_end_is_cut(screen: io.StringIO) -> None:
    copied(Lines(screen), "web", b"x" * (LONGEST_LINE + 5))
    assert [len(line) for line in screen.getvalue().splitlines()] == [LONGEST_LINE + 13, 5 + 13]


def test_a_terminal_that_went_away_does_not_stop_the_reading() -> None:
    copied(Lines(Closed()), "web", b"one\n" * 100_000)
