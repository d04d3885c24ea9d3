"""Where mail goes, from one address such as smtp+tls://user:password@mail.example.com:587."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
SENDER = re.compile(r"(?:[^<>@\r\n\"]+ <)?[^<>@\s,]+@[^<>@\s,]+>?")


@dataclass(frozen=True)
class Mail:
    backend: str = CONSOLE
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    starts_tls: bool = False
    is_tls: bool = False


def read(url: str) -> Mail:
    """Without an address, mails are written where the program writes its log."""
    if not url:
        return Mail()
    parts = urlsplit(url)
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@mail.example.com:587.")
    return Mail(
        backend=SMTP,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def checked_sender(text: str) -> str:
    """Raises ValueError."""
    if not SENDER.fullmatch(text) or ("<" in text) != (">" in text):
        raise ValueError("It must look like desk@example.com, or Sync Desk <desk@example.com>.")
    return text
