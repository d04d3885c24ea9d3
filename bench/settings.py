"""The product's own settings. Only the limit of calls can be lifted here, beyond what the product lets anybody set."""

import os

from codat_admin.settings import *  # noqa: F403

CODAT_CALLS_PER_MINUTE = int(os.environ["BENCH_CALLS_PER_MINUTE"])
