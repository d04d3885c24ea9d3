"""Several at once, each in a process of its own: worlds that share a run between them, and hands that share a task."""

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

from tests.chaos.zygote import die_with_parent

T = TypeVar("T")


def at_once(live: Callable[[int], T], count: int) -> list[T]:
    """What each of them brought home. Whoever breaks, breaks all."""
    lives = [_begin(live, number) for number in range(count)]
    return [_end(*life) for life in lives]


def _begin(live: Callable[[int], T], number: int) -> tuple[int, int]:
    ours, theirs = os.pipe()
    sys.stdout.flush()
    if pid := os.fork():
        os.close(theirs)
        return pid, ours
    os.close(ours)
    code = 1
    try:
        # By a signal that lets it end what it has started itself.
        die_with_parent(signal.SIGTERM)
        found = live(number)
        with os.fdopen(theirs, "wb") as pipe:
            pickle.dump(found, pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _end(pid: int, pipe: int) -> T:  # type: ignore[type-var]
    with os.fdopen(pipe, "rb") as file:
        said = file.read()
    os.waitpid(pid, 0)
    if not said:
        raise RuntimeError("one of several processes broke; its own words stand above")
    found: T = pickle.loads(said)  # noqa: S301 - written by our own fork
    return found
