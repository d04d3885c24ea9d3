"""What is kept of Codat's OpenAPI documents: all facts, no sentences, always in the same words."""

import json

from tests.openapi import documents
from tests.openapi.reduce import DATA, PROSE, reduced, written

NULLS = {
    "type": "object",
    "title": "Thing",
    "x-internal": True,
    "properties": {
        "title": {"type": "string", "nullable": True, "description": "Some words.", "example": "x"},
        "state": {"type": "string", "enum": ["On"], "nullable": True},
        "other": {"$ref": "#/components/schemas/Other", "nullable": True},
        "id": {"$ref": "#/components/parameters/thingId/schema"},
    },
}
COMMERCE = {
    "components": {
        "schemas": {"Thing": NULLS, "Other": {"type": "string"}, "Unused": {"type": "string"}},
        "parameters": {
            "thingId": {"name": "thingId", "in": "path", "required": True, "schema": {"type": "string"}}
        },
        "responses": {"Error": {"description": "Words.", "content": {"application/json": {"schema": NULLS}}}},
    },
    "webhooks": {},
    "paths": {
        "/things/{thingId}": {
            "parameters": [{"$ref": "#/components/parameters/thingId"}],
            "get": {
                "operationId": "get-thing",
                "description": "Words.",
                "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}}],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                    },
                    "204": {"description": "Nothing."},
                    "400": {"$ref": "#/components/responses/Error"},
                },
            },
        }
    },
}


def test_facts_stay_and_words_go() -> None:
    [(key, operation)] = reduced_commerce()["operations"].items()
    assert (key, operation["id"]) == ("GET /things/{thingId}", "get-thing")
    assert operation["path"] == {"thingId": {"required": True, "schema": {"type": "string"}}}
    assert operation["query"] == {"page": {"required": False, "schema": {"type": "integer"}}}
    assert operation["answers"]["200"] == {"application/json": {"$ref": "#/commerce/schemas/Thing"}}
    assert operation["answers"]["204"] == {}


def test_nullable_becomes_a_type_and_an_inner_reference_its_target() -> None:
    schemas = reduced_commerce()["schemas"]
    assert schemas.keys() == {"Thing", "Other"}
    assert schemas["Thing"]["properties"] == {
        "title": {"type": ["string", "null"]},
        "state": {"type": ["string", "null"], "enum": ["On", None]},
        "other": {"anyOf": [{"$ref": "#/commerce/schemas/Other"}, {"type": "null"}]},
        "id": {"type": "string"},
    }


def reduced_commerce() -> dict:
    return reduced(COMMERCE, COMMERCE, ())["commerce"]


def test_what_is_written_is_the_same_whatever_the_order_and_can_be_read_back() -> None:
    facts = reduced(COMMERCE, COMMERCE, ())
    turned = {name: dict(reversed(part.items())) for name, part in reversed(facts.items())}
    assert written(facts) == written(turned)
    assert json.loads(written(facts)) == facts


def test_the_data_is_in_these_words_small_and_without_any_prose() -> None:
    text = DATA.read_text("utf-8")
    assert text == written(json.loads(text))
    assert len(text) < 300_000
    assert not (set(_keywords(json.loads(text))) & PROSE)


def _keywords(value: object, *, names: bool = False) -> list[str]:
    """All keys that are words of a schema and no names of Codat's."""
    if isinstance(value, list):
        return [key for each in value for key in _keywords(each)]
    if not isinstance(value, dict):
        return []
    inner = {key: _keywords(part, names=key in {"properties", "definitions"}) for key, part in value.items()}
    return [*([] if names else inner), *(word for words in inner.values() for word in words)]


def test_every_operation_of_sync_for_commerce_is_there() -> None:
    commerce = [each for each in documents.operations() if each.document == "commerce"]
    assert len(commerce) == len({each.id for each in commerce}) == 22
