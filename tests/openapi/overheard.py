"""Understands one connection's bytes while they pass by, and tells of each exchange once its answer is whole."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import h11

from tests.openapi.judge import Exchange

LONGEST = 64 << 20
"""Answers beyond this are not kept: the largest page of companies has some ten million bytes."""


class Overheard:
    def __init__(self, tell: Callable[[Exchange], None]) -> None:
        self._tell = tell
        self.client_left = False
        self._asking, self._answering = h11.Connection(h11.SERVER), h11.Connection(h11.CLIENT)
        self._open: deque[Exchange] = deque()
        self._deaf_to_requests = self._deaf_to_answers = False
        self._head: h11.Request | None = None
        self._request_body = bytearray()
        self._answer: h11.Response | None = None
        self._answer_body = bytearray()

    def request(self, data: bytes) -> None:
        """Bytes from the client. What is no HTTP is passed by in silence: the answer to it will be looked at."""
        self.client_left = self.client_left or not data
        if self._deaf_to_requests or not data:
            return
        try:
            self._asking.receive_data(data)
            while self._asking.our_state is not h11.MUST_CLOSE:
                event = self._asking.next_event()
                if event in (h11.NEED_DATA, h11.PAUSED):
                    return
                self._heard_of_request(event)
        except h11.ProtocolError:
            self._deaf_to_requests = True

    def answer(self, data: bytes) -> None:
        """Bytes from the server, none when it has said its last."""
        if self._deaf_to_answers:
            return
        try:
            self._ask_for_answer()
            self._answering.receive_data(data)
            while (event := self._answering.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.ConnectionClosed):
                    return
                self._heard_of_answer(event)
        except h11.ProtocolError:
            self._deaf_to_answers = True
            self.ended()

    def ended(self) -> None:
        """The connection is gone: whatever is still open has no whole answer."""
        if self._answer is not None and not self._open:
            self._open.append(self._unheard())
        while self._open:
            self._tell(replace(self._open.popleft(), client_left=self.client_left))
        self._answer = None

    def _heard_of_request(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._head = event
            self._request_body.clear()
        elif isinstance(event, h11.Data):
            self._request_body += event.data
        elif isinstance(event, h11.EndOfMessage) and self._head is not None:
            self._open.append(_request(self._head, bytes(self._request_body)))
            self._asking.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            self._asking.send(h11.EndOfMessage())
            if self._asking.our_state is h11.DONE:
                self._asking.start_next_cycle()

    def _ask_for_answer(self) -> None:
        """A parser of answers wants to know what was asked, above all whether it was HEAD."""
        if self._answering.our_state is h11.IDLE:
            method = self._open[0].method if self._open else "GET"
            self._answering.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
            self._answering.send(h11.EndOfMessage())

    def _heard_of_answer(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self._answer = event
            self._answer_body.clear()
        elif isinstance(event, h11.Data) and len(self._answer_body) <= LONGEST:
            self._answer_body += event.data
        elif isinstance(event, h11.EndOfMessage) and self._answer is not None:
            asked = self._open.popleft() if self._open else self._unheard()
            self._tell(_answered(asked, self._answer, bytes(self._answer_body)))
            self._answer = None
            if self._answering.our_state is h11.DONE and self._answering.their_state is h11.DONE:
                self._answering.start_next_cycle()
                self._ask_for_answer()

    def _unheard(self) -> Exchange:
        """The request of an answer that came before there was a whole one."""
        return Exchange("", "")


def _request(head: h11.Request, body: bytes) -> Exchange:
    return Exchange(head.method.decode(), head.target.decode(), _headers(head), body)


def _answered(asked: Exchange, head: h11.Response, body: bytes) -> Exchange:
    return replace(asked, status=head.status_code, answer_headers=_headers(head), answer_body=body)


def _headers(head: h11.Request | h11.Response) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in head.headers}
