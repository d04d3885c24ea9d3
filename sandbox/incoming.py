"""What comes in over one connection: requests as heads, parts of bodies and ends, in their order."""

from collections import deque
from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LARGEST_HEAD = 1 << 16
_HOSTS = {"1.0": (0, 1), "1.1": (1,)}
"""How many Host headers a request may have, by the version of HTTP."""


class Broken(Exception):
    """What came in is no HTTP that is answered here but with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Head(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    """By their names in lower case."""
    is_last: bool
    """Whether the connection ends with the answer."""
    holds_back: bool
    """Whether the body comes only once it is asked for (Expect: 100-continue)."""


Event = Head | bytes | Broken | None
"""None for the end of a request, and for that of the connection."""


class Incoming:
    """Is fed bytes, and puts what they say into `events`; what stands behind a Broken there says nothing."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self._parser = HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._is_midway = False
        self._held = 0
        """How many bytes came in since the last event; the parser keeps them."""

    def feed(self, data: bytes) -> None:
        """No bytes say that no more will come."""
        known = len(self.events)
        if not data:
            self.events.append(Broken(400) if self._is_midway else None)
        self._parse(data)
        self._held = self._held + len(data) if len(self.events) == known else 0
        if self._held > LARGEST_HEAD:
            self.events.append(Broken(431))

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
                return
            except HttpParserUpgrade as offer:
                data = self._declined() + data[offer.args[0] :]
                self._parser = HttpRequestParser(self)
            except HttpParserError:
                self.events.append(Broken(400))
                return

    def _declined(self) -> bytes:
        """The head without its offer to speak another protocol: the parser leaves off where one is made."""
        version = self._parser.get_http_version().encode()
        request = b"%b %b HTTP/%b" % (self._parser.get_method(), self._target, version)
        headers = [name + b": " + value for name, value in self._headers if name.lower() != b"upgrade"]
        return b"\r\n".join([request, *headers, b"", b""])

    def _head(self) -> Head:
        """Raises ValueError for what the parser lets pass and we do not."""
        version, method = self._parser.get_http_version(), self._parser.get_method().decode("ascii")
        fields = [(name.decode("ascii").lower(), value.decode("latin-1")) for name, value in self._headers]
        hosts = sum(name == "host" for name, _ in fields)
        if hosts not in _HOSTS.get(version, ()) or method == "CONNECT":
            raise ValueError("This is no request to a server of HTTP/1.")
        headers = {name: value.rstrip(" \t") for name, value in fields}
        return Head(
            method,
            self._target.decode("ascii"),
            headers,
            is_last=version == "1.0" or not self._parser.should_keep_alive(),
            holds_back=version == "1.1" and headers.get("expect", "").lower() == "100-continue",
        )

    # What the parser calls

    def on_message_begin(self) -> None:
        self._is_midway = True
        self._target, self._headers = b"", []

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        head = self._head()
        if not self._parser.should_upgrade():
            self.events.append(head)

    def on_body(self, part: bytes) -> None:
        self.events.append(part)

    def on_message_complete(self) -> None:
        if not self._parser.should_upgrade():
            self._is_midway = False
            self.events.append(None)
