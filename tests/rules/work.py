"""A guard against patterns that explode: their work is counted, to which a busy machine adds nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_a_second_of_work() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < 1
