"""Where this machine has a Chromium for the browser tests."""

import shutil
from pathlib import Path

# The first is the same engine without windows, which takes a third of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def executable() -> str | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MACOS) if MACOS.exists() else None)
