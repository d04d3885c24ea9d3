"""Rows for tests: plain functions with sensible defaults, every column open to the caller."""

import uuid
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from syncs.codat import bodies
from syncs.codat.statuses import Outcome, status_of
from syncs.models import Attempt, Cause, Connection, Merchant, Outage, Sync, SyncRequest, User
from syncs.operations import log
from syncs.rules.health import health_of
from syncs.rules.salesdays import day_of, range_window, start_of
from syncs.rules.states import FINAL, State

numbers = count(1)


def make_user(role: str | None = "support", username: str | None = None, **columns: Any) -> User:
    """A member of the role's group whose password is the user name; role None belongs to no group."""
    username = username or f"{role or 'nobody'}-{next(numbers)}"
    columns.setdefault("is_staff", role == "admin")
    user = User.objects.create_user(username, f"{username}@example.com", username, **columns)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_merchant(
    *,
    commerce: str | None = "Shopify",
    accounting: str | None = "Xero",
    statuses: tuple[str, str] = ("Linked", "Linked"),
    **columns: Any,
) -> Merchant:
    """A healthy merchant in London with two linked connections; None leaves a connection out."""
    now = timezone.now()
    defaults = {
        "company_id": uuid.uuid4(),
        "name": f"Merchant {next(numbers)}",
        "link_url": "https://link.example.com/company",
        "time_zone": "Europe/London",
        "sync_hour": 2,
        "enabled": True,
        "health": "healthy",
        "last_code": 2000,
        "last_final_at": now - timedelta(hours=6),
        "last_success_at": now - timedelta(hours=6),
        "silent_since": now - timedelta(hours=6),
        "last_days": "w" * 31,
        "last_days_end": day_of(now, columns.get("zone") or timezone.get_default_timezone())
        - timedelta(days=1),
        "refreshed_at": now,
    }
    merchant = Merchant(**defaults | columns)
    if merchant.switches_off_on:
        merchant.switches_off_at = start_of(merchant.switches_off_on, merchant.zone)
    merchant.save()
    for side, platform, status in (
        ("commerce", commerce, statuses[0]),
        ("accounting", accounting, statuses[1]),
    ):
        if platform:
            make_connection(merchant, side=side, platform_name=platform, status=status)
    return merchant


def make_connection(merchant: Merchant, **columns: Any) -> Connection:
    defaults = {
        "codat_id": str(uuid.uuid4()),
        "side": "commerce",
        "platform_key": "abcd",
        "platform_name": "Shopify",
        "status": "Linked",
        "link_url": "https://link.example.com/connection",
        "seen_at": timezone.now(),
    }
    return Connection.objects.create(merchant=merchant, **defaults | columns)


def make_cause(code: int = 5130, sample: str = "Account 090 is not in an Active state. (Archived)") -> Cause:
    return Cause.objects.get_or_create(code=code, message=sample.lower()[:300], defaults={"sample": sample})[
        0
    ]


def make_sync(
    merchant: Merchant,
    code: int = 2000,
    started_at: datetime | None = None,
    message: str = "",
    **columns: Any,
) -> Sync:
    """A sync row as a refresh would store it. The merchant's own columns stay as they are."""
    started_at = started_at or timezone.now() - timedelta(hours=6)
    status = status_of(code)
    sync_id = columns.pop("sync_id", None) or str(uuid.uuid4())
    failed = status.outcome is Outcome.FAILED
    defaults = {
        "code": code,
        "text": status.word,
        "message": message,
        "outcome": status.outcome.value,
        "cause": make_cause(code, message) if failed and message else None,
        "data_pushed": status.outcome is Outcome.SYNCED,
        "started_at": started_at,
        "first_seen": started_at,
        "final_seen": started_at + timedelta(minutes=3) if status.outcome.is_final else None,
        "raw": {"syncId": sync_id, "syncStatusCode": code},
    }
    return Sync.objects.create(merchant=merchant, sync_id=sync_id, **defaults | columns)


def make_failing_merchant(
    code: int = 5130, message: str = "Account 090 is archived", **columns: Any
) -> Merchant:
    """Twenty failed days, its newest sync and cause stored as a refresh would leave them."""
    now = timezone.now()
    health = health_of(
        seen=True,
        last_final=Outcome.FAILED,
        last_code=code,
        connections_linked=True,
        enabled=True,
        failed_days=20,
        without_result=timedelta(0),
    )
    defaults = {
        "health": health.value,
        "last_code": code,
        "last_cause": make_cause(code, message),
        "last_message": message,
        "last_success_at": now - timedelta(days=20),
        "silent_since": now - timedelta(days=20),
        "failing_since": (now - timedelta(days=20)).date(),
        "failed_days": 20,
        "switches_off_on": (now + timedelta(days=11)).date(),
        "last_days": "w" * 11 + "f" * 20,
    }
    merchant = make_merchant(**defaults | columns)
    make_sync(merchant, code, message=message)
    return merchant


def make_request(merchant: Merchant, *, state: State = State.QUEUED, **columns: Any) -> SyncRequest:
    """A press to re-run yesterday, with its activity; states that claim an upstream id get one."""
    now = timezone.now()
    kind = columns.setdefault("kind", "historic")
    asked_by = columns.pop("asked_by", None) or make_user()
    request = SyncRequest(merchant=merchant, state=state.value, asked_by=asked_by, form_token=uuid.uuid4())
    for name, value in (_window(merchant, columns, kind, now) | _upstream(state, now) | columns).items():
        setattr(request, name, value)
    request.save()
    log.record("request.asked", "Asked for a sync", actor=asked_by, request=request, reason=request.reason)
    return request


def _window(merchant: Merchant, columns: dict[str, Any], kind: str, now: datetime) -> dict[str, Any]:
    if kind == "latest":
        return {"window_finish": now, "body": bodies.latest(now), "asked_at": now}
    yesterday = day_of(now, merchant.zone) - timedelta(days=1)
    first, last = columns.get("first_day", yesterday), columns.get("last_day", yesterday)
    window = range_window(first, last, merchant.zone)
    return {
        "first_day": first,
        "last_day": last,
        "window_start": window.start,
        "window_finish": window.finish,
        "body": bodies.historic(window.start, window.finish),
        "asked_at": now,
    }


def _upstream(state: State, now: datetime) -> dict[str, Any]:
    claims_it_ran = state in {State.ACCEPTED, State.SUCCEEDED, State.SUCCEEDED_EMPTY, State.FAILED}
    return {
        "commerce_sync_id": str(uuid.uuid4()) if claims_it_ran else "",
        "finished_at": now if state in FINAL else None,
    }


def make_attempt(request: SyncRequest, **columns: Any) -> Attempt:
    defaults = {
        "number": request.attempts.count() + 1,
        "started_at": timezone.now(),
        "body_sha256": "0" * 64,
        "listed_before": [],
        "finished_at": None if columns.get("outcome", "open") == "open" else timezone.now(),
    }
    return Attempt.objects.create(request=request, **defaults | columns)


def make_outage(platform: str = "Shopify", **columns: Any) -> Outage:
    """It stands since now, and the newest of its failures is as old."""
    told = {"side": "commerce", "platform_name": platform, "code": 5000, "failed": 118, "ran": 640}
    since = columns.setdefault("since", timezone.now())
    return Outage.objects.create(**told | {"last": since} | columns)
