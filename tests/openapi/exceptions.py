"""Where Codat's documents contradict themselves, the docs or the official SDK: what the tests hold instead, and why.

The one table of such places. Each names what the document says there, so that a renewed document that says something
else is noticed.
"""

from dataclasses import dataclass
from typing import Any

ABSENT = None


@dataclass(frozen=True)
class Amendment:
    name: str
    places: tuple[str, ...]
    """JSON pointers into codat.json, without escapes: `>` stands between two names."""
    said: Any
    holds: Any
    reason: str


@dataclass(frozen=True)
class Undeclared:
    """A status that no operation declares, or not this one, and that is answered all the same; with an error's body."""

    status: int
    methods: frozenset[str]
    reason: str
    operations: frozenset[str] = frozenset()
    """Only these, if any are named."""


@dataclass(frozen=True)
class OtherPath:
    """A path that no document knows, and what is answered there as it would be at another one."""

    pattern: str
    stands_for: str
    reason: str


TEXT = {"type": "string"}
DATE = {"type": "string", "format": "codat-date"}
CONNECTION_REQUIRED = [
    *("id", "integrationId", "sourceId", "platformName", "linkUrl", "status", "created", "sourceType"),
]
SCHEDULE = "commerce > schemas > Configuration > definitions > syncSchedule > properties"

NEVER_SYNCED = {
    "SyncStatus": ("/meta/companies/{companyId}/sync/commerce/status",),
    "CompanySyncStatus": (
        "/companies/{companyId}/sync/commerce/syncs/latest/status",
        "/companies/{companyId}/sync/commerce/syncs/lastSuccessful/status",
    ),
}

AMENDMENTS = (
    Amendment(
        "page size",
        tuple(
            f"{document} > schemas > PagingInfo > properties > pageSize"
            for document in ("commerce", "platform")
        ),
        said={"type": "integer", "maximum": 2000},
        holds={"type": "integer", "maximum": 5000},
        reason="The parameter pageSize of the same documents goes to 5000, and an answer tells the size asked for.",
    ),
    Amendment(
        "dates",
        ("commerce > schemas > Connection > properties > created", "platform > schemas > DateTime"),
        said=TEXT,
        holds=DATE,
        reason="The schema of every date is any text; the docs name the forms a date comes in, and these are held.",
    ),
    Amendment(
        "sync hour",
        (f"{SCHEDULE} > syncHour",),
        said={"type": "integer", "minValue": 0, "maxValue": 23},
        holds={"type": "integer", "minimum": 0, "maximum": 23},
        reason="minValue and maxValue are no words of JSON schema, and their meaning is plain.",
    ),
    Amendment(
        "no zone",
        (f"{SCHEDULE} > timeZone",),
        said=TEXT,
        holds={"type": ["string", "null"]},
        reason="The docs show null, for UTC, where the schema allows only text (switch no_zone).",
    ),
    Amendment(
        "integration key",
        tuple(f"{document} > schemas > Connection > required" for document in ("commerce", "platform")),
        said=CONNECTION_REQUIRED,
        holds=[*CONNECTION_REQUIRED, "integrationKey"],
        reason="Optional since April 2026, and still demanded by the official SDK 6.1.0: it is always told.",
    ),
    Amendment(
        "body of set-configuration",
        ("commerce > operations > POST /config/companies/{companyId}/sync/commerce > body",),
        said=ABSENT,
        holds={"application/json": {"$ref": "#/commerce/schemas/Configuration"}},
        reason="No body is declared, and without one nothing could be set: the docs send the whole object.",
    ),
    *(
        Amendment(
            f"never synced: {schema} or null",
            tuple(f"commerce > operations > GET {path} > answers > 200 > application/json" for path in paths),
            said={"$ref": f"#/commerce/schemas/{schema}"},
            holds={"anyOf": [{"$ref": f"#/commerce/schemas/{schema}"}, {"type": "null"}]},
            reason="What a company without syncs is answered is told nowhere (switch never_synced).",
        )
        for schema, paths in NEVER_SYNCED.items()
    ),
    Amendment(
        "when the quota returns",
        (
            "platform > schemas > ClientRateLimitWebhook > definitions > clientRateLimitWebhookPayload"
            " > properties > expiryDate",
        ),
        said={"$ref": "#/platform/schemas/DateTime"},
        holds={"anyOf": [DATE, {"type": "string", "pattern": "T23:59:99Z$"}]},
        reason="The document's own example is no time (switch rate_limit_expiry).",
    ),
    Amendment(
        "redirect of the sync flow",
        (
            "commerce > operations > GET /config/sync/commerce/{commerceKey}/{accountingKey}/start"
            " > query > redirectUrl",
        ),
        said=ABSENT,
        holds={"required": False, "schema": {"type": "string", "format": "uri"}},
        reason="The docs know this parameter, the OpenAPI does not.",
    ),
)

STATUSES = {"get-sync-status", "get-latest-sync", "get-last-successful-sync"}
EVERY = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
UNDECLARED = (
    Undeclared(
        400,
        EVERY,
        "The docs list it for every request that is not valid; these take a body or a locale and do not declare it.",
        frozenset(
            {
                "create-connection",
                "get-config-text-sync-flow",
                "replace-company",
                "unlink-connection",
                "update-company",
                "update-connection",
                "update-connection-authorization",
            }
        ),
    ),
    Undeclared(
        204,
        frozenset({"GET"}),
        "What a company without syncs is answered is told nowhere (switch never_synced).",
        frozenset(STATUSES),
    ),
    Undeclared(405, EVERY, "The docs list it for a wrong method; no operation declares it."),
    Undeclared(
        409,
        frozenset({"POST", "PATCH"}),
        "The docs: an idempotency key whose first request is still worked on.",
    ),
    Undeclared(
        409,
        frozenset({"POST"}),
        "The docs' text for a read that is asked for while one is in progress; they tell no status for it.",
        frozenset({"refresh-company-data", "refresh-data-type"}),
    ),
    Undeclared(
        422, frozenset({"POST", "PATCH"}), "The docs: an idempotency key used before with another request."
    ),
)

_V1 = "Of the version before this one; there only where the switch v1_paths says so."
OTHER_PATHS = (
    OtherPath("/meta/companies/sync", "/companies", _V1),
    OtherPath("/meta/companies(/[^/]+/connections(/[^/]+)?)?", r"/companies\1", _V1),
    OtherPath(
        "/sync/commerce/config/ui/accounts/platform/([^/]+)",
        r"/clients/00000000-0000-4000-8000-000000000000/config/ui/accounts/platform/\1",
        "The docs read the visible accounts where they are written, without the client's id.",
    ),
)
