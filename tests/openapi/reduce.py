"""Reduces Codat's two OpenAPI documents to the facts that the tests need, by hand when a document is renewed:

    python -m tests.openapi.reduce Codat-Sync-Commerce.json Codat-Platform.json

Paths, parameters, statuses and schemas stay; sentences and examples do not, they are not ours to copy. What an
OpenAPI document says by `nullable`, which the JSON schema of its own version does not know, becomes a type.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Json = dict[str, Any]
DATA = Path(__file__).with_name("codat.json")
METHODS = ("get", "post", "put", "patch", "delete")
PROSE = {"description", "summary", "title", "example", "examples", "externalDocs", "deprecated", "default"}
NAMES = {"properties", "definitions"}
"""In these, each key is a name of Codat's and no keyword."""
PLATFORM = (
    "/companies",
    "/companies/{companyId}",
    "/companies/{companyId}/connections",
    "/companies/{companyId}/connections/{connectionId}",
    "/companies/{companyId}/connections/{connectionId}/authorization",
    "/companies/{companyId}/data/all",
    "/companies/{companyId}/data/history",
    "/companies/{companyId}/data/history/{datasetId}",
    "/companies/{companyId}/data/queue/{dataType}",
    "/companies/{companyId}/dataStatus",
    "/companies/{companyId}/push",
    "/companies/{companyId}/push/{pushOperationKey}",
    "/integrations",
    "/integrations/{platformKey}",
    "/integrations/{platformKey}/branding",
    "/profile",
    "/webhooks",
    "/webhooks/{webhookId}",
)
"""Of the Platform's document only these; of Sync for Commerce's, all."""


class Document:
    def __init__(self, name: str, whole: Json) -> None:
        self._name, self._whole = name, whole
        self._wanted: set[str] = set()

    def reduced(self, paths: tuple[str, ...]) -> Json:
        operations = {
            f"{method.upper()} {path}": self._operation(self._whole["paths"][path], method)
            for path in paths
            for method in METHODS
            if method in self._whole["paths"][path]
        }
        events = {name: self._content(event["post"]["requestBody"]) for name, event in self._events()}
        return {"operations": operations, "events": events, "schemas": self._wanted_schemas()}

    def _events(self) -> Iterable[tuple[str, Json]]:
        """What Codat sends to webhook consumers."""
        return self._whole["webhooks"].items()

    def _operation(self, path: Json, method: str) -> Json:
        operation = path[method]
        facts: Json = {"id": operation["operationId"], "path": {}, "query": {}, "answers": {}}
        for given in (*path.get("parameters", ()), *operation.get("parameters", ())):
            parameter = self._followed(given)
            required = parameter.get("required", False)
            facts[parameter["in"]][parameter["name"]] = {
                "required": required,
                "schema": self._schema(parameter["schema"]),
            }
        if "requestBody" in operation:
            facts["body"] = self._content(operation["requestBody"])
        for status, answer in operation["responses"].items():
            facts["answers"][status] = self._content(self._followed(answer))
        return facts

    def _content(self, holder: Json) -> Json:
        return {kind: self._schema(media["schema"]) for kind, media in holder.get("content", {}).items()}

    def _wanted_schemas(self) -> Json:
        done: Json = {}
        while left := self._wanted - done.keys():
            for name in left:
                done[name] = self._schema(self._whole["components"]["schemas"][name])
        return done

    def _schema(self, schema: Any) -> Any:
        """References to named schemas stay references, all others give way to what they point at."""
        if not isinstance(schema, dict):
            return schema
        reference = schema.get("$ref")
        if reference is None:
            return _nullable(schema, self._keywords(schema))
        if not reference.startswith("#/components/schemas/"):
            return _nullable(schema, self._schema(self._followed({"$ref": reference})))
        self._wanted.add(reference.split("/")[3])
        kept = {"$ref": reference.replace("#/components", f"#/{self._name}")}
        return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") else kept

    def _keywords(self, schema: Json) -> Json:
        kept: Json = {}
        for word, value in schema.items():
            if word in PROSE or word == "nullable" or word.startswith("x-"):
                continue
            if word in NAMES:
                kept[word] = {name: self._schema(part) for name, part in value.items()}
            elif isinstance(value, list):
                kept[word] = [self._schema(part) for part in value]
            else:
                kept[word] = self._schema(value)
        return kept

    def _followed(self, part: Json) -> Json:
        while "$ref" in part:
            found: Any = self._whole
            for step in part["$ref"].removeprefix("#/").split("/"):
                name = step.replace("%7B", "{").replace("%7D", "}").replace("~1", "/").replace("~0", "~")
                found = found[int(name)] if isinstance(found, list) else found[name]
            part = found
        return part


def _nullable(said: Json, schema: Json) -> Json:
    """`nullable` beside an enum that does not list null still means it: the docs speak of such nulls."""
    if not said.get("nullable"):
        return schema
    wide = {**schema, "type": [schema["type"], "null"]}
    return {**wide, "enum": [*schema["enum"], None]} if "enum" in schema else wide


def reduced(commerce: Json, platform: Json, of_platform: tuple[str, ...] = PLATFORM) -> Json:
    return {
        "commerce": Document("commerce", commerce).reduced(tuple(commerce["paths"])),
        "platform": Document("platform", platform).reduced(of_platform),
    }


def written(facts: Json) -> str:
    """A line for each operation and schema, in their order: as short as can still be compared by eye."""
    return (
        _braced(
            {
                name: _braced({part: _lines(document[part]) for part in document})
                for name, document in facts.items()
            }
        )
        + "\n"
    )


def _lines(entries: Json) -> str:
    return _braced({name: json.dumps(entry, sort_keys=True) for name, entry in entries.items()})


def _braced(entries: dict[str, str]) -> str:
    lines = ",\n".join(f"{json.dumps(name)}: {entry}" for name, entry in sorted(entries.items()))
    return "{\n" + lines + "\n}"


if __name__ == "__main__":
    DATA.write_text(written(reduced(*(json.loads(Path(name).read_text("utf-8")) for name in sys.argv[1:3]))))
