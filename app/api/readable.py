"""The document as the page for people shows it: calls with their fields, a first try, answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.api.jsonschemas import Schema
from app.api.samples import resolve, sample

_WORDS = {
    "apiKey": "API key",
    "bearer": "bearer token",
    "session": "cookie",
    "csrf": "CSRF token",
    "partnerKey": "partner's key or token",
    "customerToken": "customer's token",
    "partnerPair": "partner's key and secret",
}
_HEADERS = {
    "apiKey": "X-API-Key: $KEY",
    "partnerKey": "Authorization: Bearer $KEY",
    "customerToken": "Authorization: Bearer $TOKEN",
}
_LIMITS = {
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "up to {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "matches {}",
}


@dataclass(frozen=True)
class Field:
    """A line of a table: of the body by its path (`customer.name`), or a parameter."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Call:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    auth: str
    limit: str
    parameters: list[Field]
    body: list[Field]
    examples: list[tuple[str, str]]
    """What it shows, and the JSON."""
    curl: str
    answers: list[tuple[str, str, str]]
    """Status, meaning, and the JSON of a success."""


def groups_of(document: Schema) -> dict[str, list[Call]]:
    """The calls of the document by group."""
    groups: dict[str, list[Call]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_call(document, path, method.upper(), operation))
    return groups


def _call(document: Schema, path: str, method: str, operation: Schema) -> Call:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema")
    given = [(one["summary"], one["value"]) for one in content.get("examples", {}).values()]
    bodies = given or ([("Body", sample(document, schema))] if schema else [])
    return Call(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        auth=_auth(operation["security"]),
        limit=operation.get("x-limit", ""),
        parameters=[_parameter(one) for one in operation.get("parameters", [])],
        body=list(_fields(document, schema)) if schema else [],
        examples=[(name, _pretty(value)) for name, value in bodies],
        curl=_curl(document, path, method, operation, bodies[0][1] if bodies else None),
        answers=[
            (status, answer["description"], _answer(document, status, answer))
            for status, answer in operation["responses"].items()
        ],
    )


def _auth(security: list[dict[str, Any]]) -> str:
    ways = [" and ".join(_WORDS[name] for name in way) for way in security]
    return " or ".join(ways) or "nobody asks who you are"


def _parameter(one: Schema) -> Field:
    place = {"path": "in the path", "header": "header"}.get(one["in"], "query")
    text = " · ".join(part for part in (place, one.get("description", "")) if part)
    return Field(one["name"], _kind(one["schema"]), one.get("required", False), text)


def _fields(document: Schema, schema: Schema, prefix: str = "") -> Iterator[Field]:
    """The fields of an object and of the objects in it."""
    schema = resolve(document, schema)
    required = schema.get("required", [])
    for name, given in schema.get("properties", {}).items():
        field = resolve(document, given)
        path = f"{prefix}{name}"
        kind = _kind(field) + (", or null" if {"type": "null"} in given.get("anyOf", []) else "")
        yield Field(path, kind, name in required, field.get("description", ""))
        if "properties" in field:
            yield from _fields(document, field, f"{path}.")
        elif "properties" in (item := resolve(document, field.get("items", {}))):
            yield from _fields(document, item, f"{path}[].")


def _kind(schema: Schema) -> str:
    """`date`, `text, at most 50 characters, or null`, …"""
    if "anyOf" in schema:
        return ", or ".join(_kind(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return "object"
    kinds = schema.get("type", "any")
    words = [*kinds] if isinstance(kinds, list) else [kinds]
    words[0] = schema.get("format", words[0]).replace("string", "text")
    found = [" or ".join(words)]
    if "enum" in schema:
        found = ["one of " + ", ".join(str(value) for value in schema["enum"])]
    found += ["not empty"] if schema.get("minLength") == 1 else []
    found += [text.format(_number(schema[key])) for key, text in _LIMITS.items() if key in schema]
    return ", ".join(found)


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _curl(document: Schema, path: str, method: str, operation: Schema, body: Any) -> str:
    server = document["servers"][0]["url"]
    words = [f"curl -X {method} {server}{path}" if method != "GET" else f"curl {server}{path}"]
    scheme = next(iter(operation["security"][0]), "") if operation["security"] else ""
    if scheme:
        header = _HEADERS.get(scheme, "Authorization: Bearer $TOKEN")
        words.append(f'-H "{header}"')
    if body is not None:
        words += ["-H 'Content-Type: application/json'", f"-d '{_pretty(body)}'"]
    return " \\\n  ".join(words)


def _answer(document: Schema, status: str, answer: Schema) -> str:
    schema = answer["content"].get("application/json", {}).get("schema")
    if schema is None or int(status) >= 400:
        return ""
    return _pretty(sample(document, schema))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
