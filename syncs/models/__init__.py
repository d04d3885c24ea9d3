from syncs.models.activity import Activity
from syncs.models.alert import Alert, AlertEvent, AlertRule, Delivery
from syncs.models.bulk import Bulk, NotAsked
from syncs.models.care import Care
from syncs.models.freeze import Freeze
from syncs.models.heartbeat import Heartbeat
from syncs.models.import_run import ImportRun
from syncs.models.merchant import Connection, Merchant
from syncs.models.outage import Outage
from syncs.models.pause import Pause
from syncs.models.playbook import PlaybookEntry
from syncs.models.pulse import Pulse
from syncs.models.request import Attempt, SyncRequest
from syncs.models.saved_view import SavedView
from syncs.models.sync import Cause, MerchantDay, Sync
from syncs.models.tally import DayTally, FailingTally, HealthTally
from syncs.models.user import User
from syncs.models.webhook import Webhook

__all__ = [
    "Activity",
    "Alert",
    "AlertEvent",
    "AlertRule",
    "Attempt",
    "Bulk",
    "Care",
    "Cause",
    "Connection",
    "DayTally",
    "Delivery",
    "FailingTally",
    "Freeze",
    "HealthTally",
    "Heartbeat",
    "ImportRun",
    "Merchant",
    "MerchantDay",
    "NotAsked",
    "Outage",
    "Pause",
    "PlaybookEntry",
    "Pulse",
    "SavedView",
    "Sync",
    "SyncRequest",
    "User",
    "Webhook",
]
