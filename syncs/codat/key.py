"""The API key: on the wire as `Basic` and its base64 (Codat docs, authentication), nowhere else."""

import base64
import binascii
import re

# A shorter text would be found in innocent words too.
SHORTEST_SECRET = 8
NOTHING = "(?!)"
# The two alphabets of base64 differ in these.
TWINS = {"+": "+-", "-": "+-", "/": "/_", "_": "/_"}


class Key:
    """Takes a raw key, or the ready-made header value of Codat's portal. Raises ValueError for neither."""

    def __init__(self, value: str) -> None:
        stripped = value.strip()
        scheme, _, rest = stripped.partition(" ")
        ready = scheme.lower() == "basic"
        token = rest.strip() if ready else stripped
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("The Codat API key must be one word of plain characters.")
        encoded = token if ready else base64.b64encode(token.encode()).decode()
        self.header = f"Basic {encoded}"
        unpadded = encoded.rstrip("=")
        secrets = [text for text in (unpadded, _decoded(unpadded)) if len(text) >= SHORTEST_SECRET]
        self._quoted = re.compile(("|".join(map(_as_quoted, secrets)) or NOTHING).encode(), re.IGNORECASE)

    def __repr__(self) -> str:
        return "Key(...)"

    def redacted(self, body: bytes) -> bytes:
        """An answer's body without the key. All that Codat tells comes through here, before anybody reads it."""
        return self._quoted.sub(b"[key]", body)


def _as_quoted(secret: str) -> str:
    """The secret with or without the padding of base64, however JSON writes its characters."""
    written = ("|".join(map(_as_written, TWINS.get(char, char))) for char in secret)
    return "".join(f"(?:{ways})" for ways in written) + f"(?:{_as_written('=')})*"


def _as_written(char: str) -> str:
    """As it is or escaped; .NET writes `\\u002B` for a plus. JSON within JSON doubles the backslashes."""
    plain = char if char.isalnum() else rf"\\{{0,4}}{re.escape(char)}"
    return rf"{plain}|\\{{1,4}}u00{ord(char):02x}"


def _decoded(unpadded: str) -> str:
    try:
        return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
