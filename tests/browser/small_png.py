"""A screenshot as a PNG of at most 256 colours, a third of its size: the rest are edges of letters."""

import struct
import zlib
from base64 import b64decode, b64encode

from playwright.sync_api import Page

# Those are kept that would be missed most, being far from the others or there often; each other becomes the nearest.
COUNT = """async (data) => {
  const image = new Image();
  image.src = "data:image/png;base64," + data;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const distance = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const colours = [...counts].map(([colour, count]) => ({ colour, count, parts: parts(colour), far: Infinity }));
  const known = [];
  while (known.length < Math.min(256, colours.length)) {
    const next = colours.reduce((best, each) => (each.count * each.far > best.count * best.far ? each : best));
    known.push(next.parts);
    for (const each of colours) {
      const far = distance(each.parts, next.parts);
      if (far < each.far) [each.far, each.index] = [far, known.length - 1];
    }
  }
  const indices = new Map(colours.map((each) => [each.colour, each.index]));
  let text = "";
  for (const pixel of pixels) text += String.fromCharCode(indices.get(pixel));
  return [image.width, image.height, known.flat(), btoa(text)];
}"""


def shrink(png: bytes, page: Page) -> bytes:
    """With the help of a page of a browser, which can read it."""
    width, height, colours, encoded = page.evaluate(COUNT, b64encode(png).decode())
    pixels = b64decode(encoded)
    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (("IHDR", header), ("PLTE", bytes(colours)), ("IDAT", zlib.compress(rows, 9)), ("IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name.encode(), data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
