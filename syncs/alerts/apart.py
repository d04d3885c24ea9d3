"""One rule that goes wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from syncs.models import AlertRule
from syncs.operations import deliveries

logger = logging.getLogger(__name__)


@contextmanager
def kept_apart(rule: AlertRule, failed: str, now: datetime) -> Iterator[None]:
    """What goes wrong with a rule stops no other. Leads and admins read of it on every page; while the database is gone
    nothing can be noted, and so nothing counts as told."""
    try:
        yield
    except Exception as error:  # its words may hold names
        what = type(error).__name__
        logger.error("rule %s: %s (%s)", rule.pk, failed, what)
        deliveries.note_failing(rule.pk, f"{failed}: something went wrong here ({what}).", now)
