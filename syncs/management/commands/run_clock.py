import signal
from typing import Any

from django.core.management.base import BaseCommand

from syncs.clock import Clock


class Command(BaseCommand):
    help = "Runs the clock: sweeps and reconciles sync requests, hands out looks at Codat. Stops on SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, _frame: stopping.append(signum))
        Clock().run(lambda: bool(stopping))
