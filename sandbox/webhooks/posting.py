"""One POST to this machine and its status; nothing leaves for anywhere else."""

import asyncio
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import h11

PATIENCE = 15.0
"""Seconds for an answer (Codat docs)."""
_LOCAL = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class Result:
    status: int | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """A redirect is none: it is not followed."""
        return self.status is not None and 200 <= self.status < 300


def is_sent_to(url: str) -> bool:
    """Whether this sandbox ever sends anything to this URL."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOCAL


async def post(url: str, headers: dict[str, str], body: bytes, patience: float = PATIENCE) -> Result:
    """Never raises; a URL elsewhere is refused here too."""
    if not is_sent_to(url):
        return Result(error="Nothing is sent anywhere but to 127.0.0.1, localhost and [::1], by plain http.")
    try:
        async with asyncio.timeout(patience):
            return Result(await _status_of(urlsplit(url), headers, body))
    except TimeoutError:
        return Result(error=f"No answer within {patience:g} seconds.")
    except (OSError, h11.ProtocolError) as error:
        return Result(error=f"{type(error).__name__}: {error}")


async def _status_of(url: SplitResult, headers: dict[str, str], body: bytes) -> int:
    # The address is ours, not what a name resolves to.
    reader, writer = await asyncio.open_connection(_LOCAL[url.hostname or ""], url.port or 80)
    try:
        http = h11.Connection(h11.CLIENT)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        head = {"Host": url.netloc.rpartition("@")[2], **headers, "Content-Length": str(len(body))}
        request = h11.Request(method="POST", target=target, headers=[*head.items(), ("Connection", "close")])
        for part in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(http.send(part) or b"")
        await writer.drain()
        while not isinstance(event := http.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(_CHUNK))
        return event.status_code
    finally:
        writer.close()
