"""What Codat's OpenAPI documents say, with the named exceptions: operations, and validators made once when needed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema_rs import Draft202012Validator, Registry, is_valid

from tests.openapi.exceptions import AMENDMENTS, OTHER_PATHS, Amendment

Json = dict[str, Any]
BASE = "urn:codat"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def is_date(text: str) -> bool:
    """The forms that the docs name: UTC, with an offset, without a zone; seven digits or fewer; a date alone."""
    try:
        return bool(_DATE.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def is_guid(text: str) -> bool:
    return bool(is_valid({"type": "string", "format": "uuid"}, text, validate_formats=True))


@dataclass(frozen=True, eq=False)
class Operation:
    document: str
    method: str
    template: str
    facts: Json
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        object.__setattr__(self, "pattern", re.compile(pattern))

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    def path_of(self, target: str) -> dict[str, str]:
        found = self.pattern.fullmatch(target.partition("?")[0])
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else {}

    @cached_property
    def parameters(self) -> dict[str, Draft202012Validator]:
        return {
            name: validator(parameter["schema"])
            for place in ("path", "query")
            for name, parameter in self.facts[place].items()
        }

    @cached_property
    def body(self) -> dict[str, Draft202012Validator]:
        return {kind: validator(schema) for kind, schema in self.facts.get("body", {}).items()}

    @cached_property
    def answers(self) -> dict[int, dict[str, Draft202012Validator]]:
        return {
            int(status): {kind: validator(schema) for kind, schema in content.items()}
            for status, content in self.facts["answers"].items()
        }


@cache
def facts() -> Json:
    said = json.loads(Path(__file__).with_name("codat.json").read_text("utf-8"))
    for amendment in AMENDMENTS:
        for place in amendment.places:
            amend(said, place, amendment)
    return dict(json.loads(json.dumps(said).replace('"$ref": "#/', f'"$ref": "{BASE}#/')))


def amend(said: Json, place: str, amendment: Amendment) -> None:
    *way, last = place.split(" > ")
    for name in way:
        said = said[name]
    if said.get(last) != amendment.said:
        raise ValueError(f"The exception {amendment.name!r} does not fit the documents any more, at {place}.")
    said[last] = amendment.holds


@cache
def _registry() -> Registry:
    return Registry([(BASE, facts())])


def validator(schema: Json) -> Draft202012Validator:
    formats = {"codat-date": is_date, "guid": is_guid}
    return Draft202012Validator(schema, registry=_registry(), validate_formats=True, formats=formats)


@cache
def error_message() -> Draft202012Validator:
    return validator({"$ref": f"{BASE}#/commerce/schemas/ErrorMessage"})


@cache
def operations() -> tuple[Operation, ...]:
    """Where two fit, the first counts: latest, lastSuccessful and list stand where a sync id can stand."""
    found = (
        Operation(document, *key.split(" "), said)
        for document, parts in facts().items()
        for key, said in parts["operations"].items()
    )
    return tuple(sorted(found, key=lambda operation: operation.template.count("{")))


def operations_at(target: str) -> Iterator[Operation]:
    """Of every document and with every method."""
    path, template = target.partition("?")[0], None
    for operation in operations():
        if operation.pattern.fullmatch(path) and template in (None, operation.template):
            template = operation.template
            yield operation


def other_path(target: str) -> str:
    """Where the same is known under another path, or the target itself."""
    path, mark, query = target.partition("?")
    found = (each for each in OTHER_PATHS if re.fullmatch(each.pattern, path))
    known_as = next((re.sub(each.pattern, each.stands_for, path) for each in found), path)
    return known_as + mark + query


@cache
def event(name: str) -> Draft202012Validator | None:
    """What is sent to webhook consumers of this event."""
    general = re.sub(r"^[\w-]+(?=\.write\.)", "{dataType}", name)
    said = facts()["platform"]["events"].get(general)
    return validator(said["application/json"]) if said else None
