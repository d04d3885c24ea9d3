"""A screenshot as a PNG of at most 256 colours, a third of its size: the rest are edges of letters."""

import struct
import zlib
from base64 import b64decode, b64encode

from playwright.sync_api import Page

# The colours that are there most often are kept; each other one becomes the nearest of them.
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
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const known = palette.map(parts);
  const distance = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const nearest = (colour) => {
    const far = known.map((each) => distance(each, parts(colour)));
    return far.indexOf(Math.min(...far));
  };
  const indices = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of counts.keys()) if (!indices.has(colour)) indices.set(colour, nearest(colour));
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
