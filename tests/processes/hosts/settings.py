"""Those of the chaos runs. A transaction that a host leaves open when it is cut off ends sooner than in the product."""

from tests.chaos.settings import *  # noqa: F403
from tests.chaos.settings import DATABASES

SECONDS_IN_THE_PRODUCT, SECONDS = "idle_in_transaction_session_timeout=60000", 5
_options = DATABASES["default"]["OPTIONS"]
assert SECONDS_IN_THE_PRODUCT in _options["options"]
_options["options"] = _options["options"].replace("=60000", f"={SECONDS * 1000}")
