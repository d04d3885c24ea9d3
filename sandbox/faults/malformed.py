"""HTTP that breaks its own rules, or stretches them as far as they go."""

import asyncio
from typing import Any

from sandbox.exchange import Answer, Refusal
from sandbox.faults.wires import Line, drawn, first_line, hang_up

Args = dict[str, Any]

_REASONS = {100: "Continue", 102: "Processing", 103: "Early Hints"}
_NOT_HTTP = {
    "banner": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "http2": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
}
_CHUNKS = {
    "not_hex": b"xyz\r\n",
    "negative": b"-1\r\n",
    "huge": b"ffffffffffff\r\n",
    "cut": b"7\r\n",
}
NOT_HTTP, CHUNKS = tuple(_NOT_HTTP), tuple(_CHUNKS)
LENGTHS = ("two", "short", "negative", "text", "beside_chunks")


async def informational(line: Line, answer: Answer, args: Args) -> None:
    """Clients must read any number of them before the answer itself (RFC 9110, 15.2)."""
    status = args["status"]
    note = f"HTTP/1.1 {status} {_REASONS[status]}\r\nLink: </a.css>; rel=preload\r\n\r\n".encode()
    for _ in range(args["times"]):
        line.writer.write(note)
        await line.writer.drain()
        await asyncio.sleep(drawn(args["seconds"]))
    await line.send(answer)


async def endless_headers(line: Line, answer: Answer, args: Args) -> None:
    many = args["form"] == "many"
    line.writer.write(first_line(line, answer) + (b"" if many else b"X-Long: "))
    while True:
        line.writer.write(b"X-Again: and again\r\n" if many else b"x" * 1000)
        await line.writer.drain()
        await asyncio.sleep(drawn(args["seconds"]))


async def bad_length(line: Line, answer: Answer, args: Args) -> None:
    """What is too short leaves the rest of its body lying in a connection that stays open."""
    head, body = line.rendered(answer)
    form, size = args["form"], len(body)
    told = {
        "two": f"Content-Length: {size}\r\nContent-Length: {size + 7}",
        "short": f"Content-Length: {size // 2}",
        "negative": f"Content-Length: -{size + 1}",
        "text": "Content-Length: all of it",
        "beside_chunks": f"Content-Length: {size // 2}\r\nTransfer-Encoding: chunked",
    }[form]
    if form == "beside_chunks":
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
    line.writer.write(_without_length(head) + told.encode() + b"\r\n\r\n" + body)
    await line.writer.drain()
    if form != "short":
        hang_up(line.writer)


async def bad_chunks(line: Line, answer: Answer, args: Args) -> None:
    """A first chunk as it should be, with all that there is to say; then none that could end it."""
    head, body = line.rendered(answer)
    line.writer.write(_without_length(head) + b"Transfer-Encoding: chunked\r\n\r\n")
    line.writer.write(b"%x\r\n%b\r\n" % (len(body), body) + _CHUNKS[args["form"]])
    await line.writer.drain()
    hang_up(line.writer)


async def close_after(line: Line, answer: Answer, args: Args) -> None:
    """Servers end connections that they called kept alive; a request on its way meets a closed door."""
    await line.send(answer)
    await asyncio.sleep(drawn(args["seconds"]))
    hang_up(line.writer, reset=args["how"] == "reset")


async def not_http(line: Line, answer: Answer, args: Args) -> None:
    line.writer.write(_NOT_HTTP[args["form"]])
    await line.writer.drain()
    hang_up(line.writer)


async def early(line: Line, answer: Answer, args: Args) -> None:
    """Written while the body is still on its way, and the door shut on it."""
    await line.send(Refusal(args["status"], "The request is too large.").answer())
    hang_up(line.writer)


def _without_length(head: bytes) -> bytes:
    """The head up to where a header of ours can follow."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*kept, b""])
