"""Whether the static files are still those that were collected: asking is fast, collecting is not."""

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders


def fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{storage.path(path)} {stat.st_mtime_ns} {stat.st_size}\n".encode())
    return digest.hexdigest()


class Stamp:
    """The fingerprint of what was collected last, kept beside it."""

    def __init__(self, collected: Path) -> None:
        self._collected = collected
        self._file = collected.with_suffix(".stamp")

    def is_current(self) -> bool:
        if not (self._collected.is_dir() and self._file.exists()):
            return False
        return self._file.read_text(encoding="ascii") == fingerprint()

    def renew(self) -> None:
        self._file.write_text(fingerprint(), encoding="ascii")
