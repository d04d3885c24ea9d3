"""The sandbox as a program that looks its own answers over, for panels that start it themselves.

What is wrong stands on its screen, in lines that begin as those of a test do.
"""

import sys

from sandbox.__main__ import main
from sandbox.app import App
from tests.openapi.watching import AGAINST, judging


def _say(wrong: str) -> None:
    print(AGAINST, wrong, file=sys.stderr, flush=True)


if __name__ == "__main__":
    App.answer = judging(App.answer, _say)  # type: ignore[method-assign]
    sys.exit(main())
