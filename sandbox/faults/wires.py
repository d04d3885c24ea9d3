"""How an answer leaves, or does not: silence, breaks, drips and floods on the client's socket."""

import asyncio
import socket
import struct
import zlib
from contextlib import suppress
from functools import lru_cache
from random import Random
from typing import Any, Protocol

from sandbox.exchange import JSON, Answer

Args = dict[str, Any]
_MEBIBYTE = 1 << 20
_PATIENCE = 60.0
_AT_ONCE = struct.pack("ii", 1, 0)
# Deflated, without name or time (RFC 1952).
_GZIP = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])


class Line(Protocol):
    """What a fault may do with the client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, answer: Answer) -> None: ...

    def rendered(self, answer: Answer) -> tuple[bytes, bytes]:
        """Its head and its body as bytes."""


async def slow(line: Line, answer: Answer, args: Args) -> None:
    await asyncio.sleep(drawn(args["seconds"]))
    await line.send(answer)


async def drop(line: Line, answer: Answer, args: Args) -> None:
    """Not a byte comes back: the connection ends, politely or with a reset."""
    await asyncio.sleep(drawn(args["seconds"]))
    hang_up(line.writer, reset=args["how"] == "reset")


async def reset(line: Line, answer: Answer, args: Args) -> None:
    hang_up(line.writer, reset=True)


async def half_close(line: Line, answer: Answer, args: Args) -> None:
    """The headers promise a body; then our side says that it has no more to say, and goes on listening."""
    head, body = line.rendered(answer)
    line.writer.write(head + body[: args["bytes"]])
    await line.writer.drain()
    with suppress(OSError):  # Of a client that is gone no half can be closed.
        line.writer.write_eof()
    await _until_they_leave(line)


async def short_body(line: Line, answer: Answer, args: Args) -> None:
    """Fewer bytes than the headers promise, then the end."""
    head, body = line.rendered(answer)
    line.writer.write(head + body[: len(body) // 2])
    await line.writer.drain()
    hang_up(line.writer, reset=args["how"] == "reset")


async def drip(line: Line, answer: Answer, args: Args) -> None:
    """A byte at a time, so that no read ever times out."""
    head, body = line.rendered(answer)
    if args["part"] == "body":
        line.writer.write(head)
        head = b""
    for byte in head + body:
        line.writer.write(bytes([byte]))
        await line.writer.drain()
        await asyncio.sleep(args["seconds"])


async def huge(line: Line, answer: Answer, args: Args) -> None:
    """Valid JSON, if anyone has the room for it."""
    fill, size = b"x" * _MEBIBYTE, args["megabytes"]
    start, end = b'{"errorMessage":"', b'"}'
    length = len(start) + size * _MEBIBYTE + len(end)
    length_or_end = f"Content-Length: {length}" if args["announced"] else "Connection: close"
    line.writer.write(_head(line, answer, length_or_end))
    line.writer.write(start)
    for _ in range(size):
        line.writer.write(fill)
        await line.writer.drain()
    line.writer.write(end)
    await line.writer.drain()
    hang_up(line.writer)


async def bomb(line: Line, answer: Answer, args: Args) -> None:
    """A small gzip body that unpacks to something very large."""
    packed = await asyncio.to_thread(_packed, args["megabytes"])
    line.writer.write(
        _head(line, answer, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed
    )
    await line.writer.drain()
    hang_up(line.writer)


def hang_up(writer: asyncio.StreamWriter, *, reset: bool = False) -> None:
    if reset and not writer.is_closing():
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        writer.transport.abort()
    else:
        writer.close()


_draws = Random(1)


def drawn(span: float | list[float]) -> float:
    return _draws.uniform(*span) if isinstance(span, list) else span


async def _until_they_leave(line: Line) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while await line.reader.read(_MEBIBYTE):
                pass
    except TimeoutError:
        pass
    hang_up(line.writer)


def first_line(line: Line, answer: Answer) -> bytes:
    """Of the answer's head: its status, before headers that are not its own."""
    return line.rendered(answer)[0].partition(b"\r\n")[0] + b"\r\n"


def _head(line: Line, answer: Answer, *headers: str) -> bytes:
    lines = (f"Content-Type: {JSON}", *headers, "", "")
    return first_line(line, answer) + "\r\n".join(lines).encode()


@lru_cache(maxsize=1)
def _packed(megabytes: int) -> bytes:
    """One block is packed, and repeated: behind a full flush, the same text always becomes the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start, fill, end = b'{"errorMessage":"', b"x" * _MEBIBYTE, b'"}'
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(fill) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(end) + packer.flush()
    checksum, size = zlib.crc32(start), len(start) + megabytes * _MEBIBYTE + len(end)
    for _ in range(megabytes):
        checksum = zlib.crc32(fill, checksum)
    trailer = struct.pack("<II", zlib.crc32(end, checksum), size % 2**32)
    return _GZIP + first + block * megabytes + last + trailer
