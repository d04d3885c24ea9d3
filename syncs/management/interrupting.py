import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_in_order() -> Iterator[None]:
    """A SIGTERM and a closed terminal end it like Ctrl-C, so that a command can tell what it did. Not under nohup."""
    both = (signal.SIGTERM, signal.SIGHUP)
    deadly = [number for number in both if signal.getsignal(number) == signal.SIG_DFL]
    for number in deadly:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in deadly:
            signal.signal(number, signal.SIG_DFL)
