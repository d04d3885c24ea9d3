"""New companies, and what their names and tags may be (OpenAPI, CreateCompany; Codat docs, companies)."""

import re
from typing import Any

from sandbox.exchange import NOT_VALID, Refusal
from sandbox.world import World

# The pattern of the OpenAPI; what lies outside is stripped, as the docs say, not refused.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9\s\-',&@.?!]")
_MOST_TAGS, _LONGEST_TAG, _LONGEST_VALUE = 10, 27, 100
_FREE_COMPANIES = 50


def register(
    world: World, name: str, *, description: str | None = None, tags: dict[str, str] | None = None
) -> str:
    """The id of a new company; raises Refusal (402) when the Free plan allows no more."""
    if world.switches.free_plan == "on" and world.count() >= _FREE_COMPANIES:
        raise _too_many()
    return world.create({"name": name, "description": description, "tags": tags or {}})


def name_of(value: object) -> str:
    cleaned = _FORBIDDEN.sub("", value).strip() if isinstance(value, str) else ""
    if not cleaned:
        raise not_valid()
    return cleaned


def text_or_none(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise not_valid()


def tags_of(value: object) -> dict[str, str]:
    """At most ten, named in 1 to 27 characters, of texts of at most a hundred (OpenAPI)."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_TAGS:
        raise not_valid()
    for name, tag in value.items():
        if not (isinstance(tag, str) and 1 <= len(name) <= _LONGEST_TAG and len(tag) <= _LONGEST_VALUE):
            raise not_valid()
    return value


def not_valid() -> Refusal:
    return Refusal(400, NOT_VALID, service="ClientsApi")


def _too_many() -> Refusal:
    problem: dict[str, Any] = {
        "itemId": "Company",
        "message": "Company limit exceeded.",
        "validatorName": "CreateCompany",
    }
    return Refusal(
        402,
        "CompanyValidationException: Company limit exceeded",
        validation={"errors": [problem], "warnings": []},
    )
