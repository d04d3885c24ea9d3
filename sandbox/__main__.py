"""`python -m sandbox`: an imitation of the Codat API on 127.0.0.1."""

import argparse
import asyncio
import gc
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sandbox.app import App
from sandbox.ledger import Ledger
from sandbox.life import Life
from sandbox.server import HOST, serve
from sandbox.store import Store
from sandbox.switches import Switches
from sandbox.world import World


def main() -> int:
    options = _options()
    try:
        store = Store(options.data)
        app = App(_world(options, store), options.key, Ledger(options.ledger))
        asyncio.run(serve(app, options.port, _say_ready))
        store.close()
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="where to listen on 127.0.0.1; 0 picks a free port (default)")
    add("--key", default="sandbox-key", help="the API key; clients send its base64 (default: %(default)s)")
    add("--merchants", type=_count, default=200, metavar="N", help="how many (default: %(default)s)")
    add("--seed", type=int, default=1, metavar="S", help="same seed, same world (default: %(default)s)")
    add(
        "--history-days", type=_count, default=90, metavar="D", help="syncs before now (default: %(default)s)"
    )
    add(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help="a sync of 3 minutes takes 3 minutes / X; days stay days",
    )
    add("--data", type=Path, metavar="DIR", help="remember across restarts in this folder")
    add("--ledger", type=Path, metavar="FILE", help="append a JSON line for each POST that asks for a sync")
    add("--switch", action="append", default=[], metavar="NAME=VALUE", help="see docs/sandbox.md")
    add("--life", action="append", default=[], metavar="NAME=VALUE", help="see docs/sandbox.md")
    add("--outage", action="append", default=[], metavar="JSON", help="see docs/sandbox.md")
    add("--wave", action="append", default=[], metavar="JSON", help="see docs/sandbox.md")
    return parser.parse_args()


def _world(options: argparse.Namespace, store: Store) -> World:
    return World(
        seed=options.seed,
        merchants=options.merchants,
        history_days=options.history_days,
        speed=options.speed,
        store=store,
        switches=Switches().turned(options.switch),
        life=Life().lived(options.life),
        orders=[("outage", _order(text)) for text in options.outage]
        + [("wave", _order(text)) for text in options.wave],
    )


def _order(text: str) -> dict[str, Any]:
    try:
        order = json.loads(text)
    except ValueError:
        order = None
    if not isinstance(order, dict):
        raise ValueError(f"An outage or a wave is a JSON object, not {text!r}.")
    return order


def _say_ready(port: int) -> None:
    # Thousands of syncs are made a second and none is part of a cycle: looking for cycles less often saves a third.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    print(f"sandbox ready on http://{HOST}:{port}", flush=True)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _speed(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
