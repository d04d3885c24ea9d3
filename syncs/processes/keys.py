"""Keys and passwords that are made once and kept in `var/`, readable by their owner only."""

import os
import secrets
from pathlib import Path


def kept(path: Path) -> str:
    """The secret in this file; it is made when there is none."""
    if path.exists() and (secret := path.read_text(encoding="ascii").strip()):
        return secret
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(50)
    write_private(path, secret + "\n")
    return secret


def write_private(path: Path, content: str) -> None:
    half_written = path.with_suffix(path.suffix + ".new")
    half_written.unlink(missing_ok=True)
    handle = os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    half_written.replace(path)
