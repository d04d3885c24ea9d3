"""What Codat's documents leave open: each a switch, with the safe guess as its default.

They can be turned while the sandbox runs; whoever needs one reads it at use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class Switches:
    overlap: Literal["fails", "refused", "allowed"] = "fails"
    """A sync asked for while one runs, or over days already synced: the docs know only the message."""
    backwards_range: Literal["refused", "fails", "empty"] = "refused"
    """A range that starts at or after its finish, also once cut; a latest to a past moment not after its start."""
    future_end: Literal["cut", "refused", "kept"] = "cut"
    """An end that lies in the future."""
    before_start: Literal["kept", "cut", "refused"] = "kept"
    """A range that begins before the configured start date."""
    historic_body: Literal["strict", "lenient"] = "strict"
    """The docs' prose shows {"start", "finish"} and {"start", "end"} without dateRange; the OpenAPI does not."""
    commerce_sync_id: Literal["differs", "same"] = "differs"
    """The POST answers a commerceSyncId, the lists a syncId; the docs' own example shows two values."""
    by_commerce_sync_id: Literal["unknown", "known"] = "unknown"
    """Whether syncs/{syncId}/status knows a sync by its commerceSyncId."""
    never_synced: Literal["404", "204", "null", "empty"] = "404"
    """The status of a company that never synced; `empty` is an empty object."""
    list_order: Literal["newest", "oldest", "unordered"] = "newest"
    """The order of list/status."""
    list_length: Literal["all", "100", "30"] = "all"
    """How many syncs list/status tells of: the newest, whatever their order."""
    list_delay: Literal["none", "1", "30"] = "none"
    """How many seconds pass until list/status knows of a new sync."""
    sync_utc: Literal["start", "end"] = "start"
    """The OpenAPI's syncUtc is "datetime of the sync": its start, or its end once there is one."""
    severed_code: Literal["by_status", "4040", "4220"] = "by_status"
    """Two codes with one documented meaning, deleted or de-authorised: by status, 4220 is an unlinked one."""
    success_text: Literal["Complete", "Success"] = "Complete"
    """The syncStatus of a success: the OpenAPI says Complete, the docs' sample Success."""
    failure_text: Literal["plain", "pending", "null"] = "plain"
    """The syncStatus of a failure: the OpenAPI's example is "ValidateError, Pending"; null is allowed."""
    order_by: Literal["created_and_name", "created", "ignored"] = "created_and_name"
    """What companies can be ordered by; another property is a 400, or pays no heed."""
    no_zone: Literal["absent", "null"] = "absent"
    """A merchant without zone: the docs say null, the OpenAPI schema allows only text."""
    idempotency: Literal["caches_errors", "forgets_5xx", "off"] = "caches_errors"
    """The docs keep every answer but 429; whether the sync endpoints heed the key at all is untold."""
    idempotent_posts: Literal["both", "latest", "historic"] = "both"
    """Which of the two POSTs that ask for a sync heed the key, unless it is heeded nowhere."""
    quota: Literal["enforced", "counted"] = "enforced"
    """Whether a spent daily quota is answered with 429."""
    per_minute: Literal["enforced", "off"] = "enforced"
    """A thousand requests a minute from one address."""
    concurrency: Literal["per_company", "pooled", "off"] = "per_company"
    """Ten requests at once for each active company: each its own ten, or ten times as many for all."""
    reset_header: Literal["iso", "epoch", "http_date"] = "iso"
    """X-Rate-Limit-Reset: the docs call it a date and show none."""
    retry_after: Literal["seconds", "date", "absent"] = "seconds"
    """The Retry-After of a 429: the docs name the header and show none."""
    rate_limit_expiry: Literal["valid", "verbatim"] = "valid"
    """expiryDate in client.rateLimit.reset; the OpenAPI's example ends in 23:59:99, which is no time."""
    webhook_headers: Literal["webhook", "svix", "both"] = "webhook"
    """The names of the three headers of a delivery: the docs' own, those of the service behind, or both."""
    patch_status: Literal["unlinked_only", "any"] = "unlinked_only"
    """The status that PATCH sets on a connection: only Unlinked is documented, the OpenAPI lists all four."""
    free_plan: Literal["off", "on"] = "off"
    """Whether the client is on the Free plan, whose fifty companies are the last (402, Codat docs)."""
    client_id: Literal["any", "own"] = "any"
    """Whether the path of the visible accounts knows every client id, or only the one of the flow's URLs."""
    v1_paths: Literal["gone", "there"] = "gone"
    """Paths of the version before this one, which old SDKs ask for; Codat's removal date is past."""

    def turned(self, settings: Iterable[str]) -> "Switches":
        """These switches with `name=value` settings applied; raises ValueError with a plain sentence."""
        pairs = (setting.partition("=") for setting in settings)
        return self.changed({name: value for name, _, value in pairs})

    def changed(self, given: Mapping[str, object]) -> "Switches":
        """These switches with others in their place, all or none; raises ValueError with a plain sentence."""
        known = {field.name: get_args(field.type) for field in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"There is no switch {name!r}. The switches are: {', '.join(known)}.")
            if value not in known[name]:
                raise ValueError(f"The switch {name!r} is one of {', '.join(known[name])}, not {value!r}.")
        return replace(self, **given)  # type: ignore[arg-type]

    def told(self) -> dict[str, str]:
        return asdict(self)
