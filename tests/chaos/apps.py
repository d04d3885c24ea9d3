"""What the harness puts into every process of the product: its clock, its eyes, and at times a bug."""

import os
from pathlib import Path

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from tests.chaos import board, bugs, clock, patience, points

        folder = Path(os.environ["CHAOS_DIR"])
        clock.install(folder, Path(os.environ.get("CHAOS_WORLD", folder)))
        patience.install()
        points.install()
        points.listeners.append(board.Board(folder).note)
        bugs.install(os.environ.get("CHAOS_BUG", ""))
