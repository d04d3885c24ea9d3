"""One HTTP exchange with Codat that always ends: by a deadline, within bounded memory, and as a value.

It raises nothing. The exceptions of requests and urllib3 hold the request with its Authorization header, so
they are turned into words here and dropped.
"""

import contextlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from syncs.codat.key import Key
from syncs.codat.reasons import reason_of
from syncs.codat.until import Until
from syncs.codat.wire import Exchange, TooLarge, TooLate, on_the_wire, tracked_pools

CHUNK = 64 * 1024
ANY_GZIP_OR_ZLIB = 47
# Stands for an error's body that broke off: not empty, which would mean something, and not JSON.
UNREADABLE = b"unreadable"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    company: str = ""
    # Most bytes of its answer; None is what every answer may have.
    body_limit: int | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    # Traces print the values of a frame, and a server may send back what it was sent.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """By its status; its body is yet to be judged."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Broken:
    """No usable answer. `began`: a byte of the request may have left; `again`: another try may go better."""

    began: bool
    reason: str
    again: bool


class Transport:
    """Thread-safe. Reads share pooled connections; a fresh exchange opens and closes one of its own."""

    def __init__(
        self,
        *,
        base_url: str,
        key: Key,
        connect_timeout: float,
        read_timeout: float,
        body_limit: int,
        use_env_proxies: bool,
    ) -> None:
        self._base_url = base_url
        self._key = key
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._body_limit = body_limit
        self._use_env = use_env_proxies
        self._pool = _Adapter()

    def exchange(
        self, call: Call, *, deadline: float, first_byte_by: Until | None = None, fresh: bool = False
    ) -> Answer | Broken:
        """`deadline` is a moment of time.monotonic()."""
        room = call.body_limit or self._body_limit
        limits = Exchange(deadline, self._read_timeout, room, first_byte_by)
        adapter = _Adapter() if fresh else self._pool
        try:
            with on_the_wire(limits):
                return self._perform(adapter, call, limits)
        except Exception as error:
            again = not isinstance(error, TooLarge | TooLate)
            return Broken(limits.began, reason_of(error), again)
        finally:
            if fresh:
                _quietly_close(adapter)

    def close(self) -> None:
        _quietly_close(self._pool)

    def _perform(self, adapter: HTTPAdapter, call: Call, limits: Exchange) -> Answer:
        request = self._prepared(call)
        proxies = get_environ_proxies(request.url or "") if self._use_env else {}
        connect = min(self._connect_timeout, limits.time_to_begin())
        response = adapter.send(
            request,
            stream=True,
            timeout=(connect, limits.patience()),
            verify=self._trusted(),
            proxies=proxies,
        )
        try:
            body = self._key.redacted(_body(response, limits.body_limit))
            return Answer(response.status_code, response.headers, body)
        finally:
            _quietly_close(response)

    def _prepared(self, call: Call) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "sync-desk",
            **call.headers,
            "Authorization": self._key.header,
        }
        data = None if call.body is None else call.body.encode()
        url = self._base_url + call.path
        return requests.Request(call.method, url, headers=headers, params=call.query, data=data).prepare()

    def _trusted(self) -> bool | str:
        """Proxies that look into TLS come with an authority of their own, named beside them."""
        named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return (self._use_env and named) or True


class _Adapter(HTTPAdapter):
    """Of `requests` only this layer is used: a Session follows, reads and keeps more than it is asked to."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=32, max_retries=0)
        tracked_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: object) -> object:
        manager = super().proxy_manager_for(proxy, **options)
        tracked_pools(manager)
        return manager


def _body(response: requests.Response, limit: int) -> bytes:
    try:
        return _unpacked(_received(response, limit), response.headers.get("Content-Encoding", ""), limit)
    except Exception:
        # What an error's status says is known, also when its text breaks off; a success needs its body.
        if 200 <= response.status_code < 300:
            raise
        return UNREADABLE


def _received(response: requests.Response, limit: int) -> bytes:
    received = bytearray()
    while chunk := response.raw.read(CHUNK, decode_content=False):
        received += chunk
        if len(received) > limit:
            raise TooLarge
    return bytes(received)


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """Unpacks here and not in urllib3, so that a small body cannot grow beyond the limit in memory."""
    if encoding.strip().lower() in {"", "identity"}:
        return body
    unpacker = zlib.decompressobj(ANY_GZIP_OR_ZLIB)
    unpacked = unpacker.decompress(body, limit + 1)
    if len(unpacked) > limit:
        raise TooLarge
    if not unpacker.eof:
        raise zlib.error("incomplete")
    return unpacked


def _quietly_close(closable: HTTPAdapter | requests.Response) -> None:
    """Closing must not take the place of an answer that we already hold."""
    with contextlib.suppress(Exception):
        closable.close()
