"""What Codat's documents leave open: each a switch, with the safe guess as its default."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class Switches:
    overlap: Literal["fails", "refused", "allowed"] = "fails"
    """A sync asked for while one runs, or over days already synced: the docs know only the message."""
    commerce_sync_id: Literal["differs", "same"] = "differs"
    """The POST answers a commerceSyncId, the lists a syncId; the docs' own example shows two values."""
    by_commerce_sync_id: Literal["unknown", "known"] = "unknown"
    """Whether syncs/{syncId}/status knows a sync by its commerceSyncId."""
    historic_body: Literal["strict", "lenient"] = "strict"
    """The docs' prose shows {"start", "finish"} and {"start", "end"} without dateRange; the OpenAPI does not."""
    future_end: Literal["cut", "refused", "kept"] = "cut"
    """An end that lies in the future."""
    never_synced: Literal["404", "empty"] = "404"
    """The status of a company that never synced."""
    list_order: Literal["newest", "oldest"] = "newest"
    """The order of list/status."""
    no_zone: Literal["absent", "null"] = "absent"
    """A merchant without zone: the docs say null, the OpenAPI schema allows only text."""
    quota: Literal["counted", "enforced"] = "counted"
    """Whether a spent daily quota is answered with 429."""
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
        known = {field.name: get_args(field.type) for field in fields(self)}
        changes: dict[str, str] = {}
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in known:
                raise ValueError(f"There is no switch {name!r}. The switches are: {', '.join(known)}.")
            if value not in known[name]:
                raise ValueError(f"The switch {name!r} is one of {', '.join(known[name])}, not {value!r}.")
            changes[name] = value
        return replace(self, **changes)  # type: ignore[arg-type]
