from syncs.models.activity import Activity
from syncs.models.bulk import Bulk, NotAsked
from syncs.models.freeze import Freeze
from syncs.models.heartbeat import Heartbeat
from syncs.models.import_run import ImportRun
from syncs.models.merchant import Connection, Merchant
from syncs.models.pause import Pause
from syncs.models.pulse import Pulse
from syncs.models.request import Attempt, SyncRequest
from syncs.models.sync import Cause, MerchantDay, Sync
from syncs.models.tally import DayTally
from syncs.models.user import User
from syncs.models.webhook import Webhook

__all__ = [
    "Activity",
    "Attempt",
    "Bulk",
    "Cause",
    "Connection",
    "DayTally",
    "Freeze",
    "Heartbeat",
    "ImportRun",
    "Merchant",
    "MerchantDay",
    "NotAsked",
    "Pause",
    "Pulse",
    "Sync",
    "SyncRequest",
    "User",
    "Webhook",
]
