"""Chance that can be told again: every draw depends only on the words it is asked with."""

from hashlib import blake2b
from random import Random


def digest(*words: object, size: int = 32) -> bytes:
    return blake2b("\x1f".join(map(str, words)).encode(), digest_size=size).digest()


def dice(*words: object) -> Random:
    return Random(int.from_bytes(digest(*words, size=16), "big"))


def guid(raw: bytes) -> str:
    """The first 16 bytes as a lower-case GUID."""
    text = raw[:16].hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def raw_of(text: str) -> bytes:
    """Bytes that make this GUID."""
    return bytes.fromhex(text.replace("-", ""))


def fraction(raw: bytes) -> float:
    """Two bytes as a number from 0 up to 1."""
    return int.from_bytes(raw[:2], "big") / 65536


class CompanyIds:
    """GUIDs that look random, yet tell their index without a table: the first 32 bits are the index, scrambled."""

    def __init__(self, seed: int) -> None:
        raw = digest(seed, "company ids", size=8)
        self._seed = seed
        self._factor = int.from_bytes(raw[:4], "big") | 1
        self._shift = int.from_bytes(raw[4:], "big")
        self._inverse = pow(self._factor, -1, 1 << 32)

    def at(self, index: int) -> str:
        head = (index * self._factor + self._shift) & 0xFFFFFFFF
        return guid(head.to_bytes(4, "big") + digest(self._seed, "company", index, size=12))

    def index_of(self, company_id: str) -> int | None:
        try:
            head = int(company_id[:8], 16)
        except ValueError:
            return None
        index = ((head - self._shift) * self._inverse) & 0xFFFFFFFF
        return index if self.at(index) == company_id else None
