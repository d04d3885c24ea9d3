"""The API key: on the wire as `Basic` and its base64 (Codat docs, authentication), nowhere else."""

import base64
import binascii

# A shorter text would be found in innocent words too.
SHORTEST_SECRET = 8


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
        self._secrets = [text for text in (encoded, _decoded(encoded)) if len(text) >= SHORTEST_SECRET]

    def __repr__(self) -> str:
        return "Key(...)"

    def redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
