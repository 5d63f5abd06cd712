"""A value that a schema describes, to show what an answer looks like."""

from __future__ import annotations

from typing import Any

from app.api.jsonschemas import Schema

_BY_FORMAT = {
    "uuid": "0199c0de-0000-7000-8000-000000000000",
    "date": "2027-03-01",
    "date-time": "2027-03-01T03:00:00Z",
}
_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 3490, "boolean": True, "null": None}


def resolve(document: Schema, schema: Schema) -> Schema:
    """The schema without its outer reference, and without the null of an optional value."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: Schema = document["components"]["schemas"][name]
        return found
    options = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(options) == 1:
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        return {**resolve(document, options[0]), **rest}
    return schema


def sample(document: Schema, schema: Schema) -> Any:
    """One value; the example of the schema where it has one."""
    schema = resolve(document, schema)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: sample(document, field) for name, field in fields.items()}
    if kind == "array":
        return [sample(document, schema["items"])]
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(str(kind), "…"))
