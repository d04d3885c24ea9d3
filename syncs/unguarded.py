"""Without its guards the database takes wrong moves too: then nothing is sent until a person has put them back."""

import logging
from datetime import datetime

from syncs import triggers
from syncs.models import Freeze
from syncs.operations import freezing

logger = logging.getLogger(__name__)

REASON = "The database has lost its guards against wrong moves. Run manage.py migrate, then resume"


def freeze_if_unguarded(now: datetime) -> None:
    """One query when all is well. To be asked now and then: at every claim it would be too much."""
    if missing := triggers.missing():
        logger.error("the database has lost its guards: %s", ", ".join(missing))
        freezing.freeze(Freeze.Cause.PERSON, now=now, reason=REASON)
