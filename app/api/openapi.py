"""The OpenAPI 3.1 document, made from what the routes say of themselves (`describing`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from inspect import getdoc

from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import Rule

from app.api.describing import Description, Link, described
from app.api.jsonschemas import Components, Schema, parameters_of
from app.api.limits import BY_ROUTE
from app.api.schemas.answers import ErrorAnswer
from app.api.schemas.examples import REFERENCE
from app.errors import (
    AuthFailed,
    Forbidden,
    HubError,
    InvalidPayload,
    NotFound,
    PayloadTooLarge,
    RateLimited,
)
from app.staff.guards import declared

ABOUT = """\
Refusals have one shape at every door; `code` is for programs, `error` and `details` for people.
Bodies are JSON in UTF-8, at most 256 KiB and 32 levels deep; of a name that stands twice the last
value counts. Every answer carries `X-Request-Id`.

`Idempotency-Key` makes a repetition harmless: the same key with the same body gets the first answer
again, with another body 409. What may be called how often stands in `RateLimit-Policy` and
`RateLimit`; beyond it 429 with `Retry-After` in seconds.
"""
SCHEMES: dict[str, Schema] = {
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The key of a website.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From `POST /api/v1/auth/login`.",
    },
    "partnerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of a partner, or a token from `POST /api/partner/auth/token`.",
    },
    "partnerPair": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The key of a partner, with its secret in `X-API-Secret`.",
    },
    "customerToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From `POST /api/v1/customer/auth/verify-otp`: not a token of staff.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "Goes with the cookie of the desk for whatever changes something.",
    },
}
_HEADERS: dict[str, Schema] = {
    "RateLimit-Policy": {"description": "`q` calls within `w` seconds.", "schema": {}},
    "RateLimit": {"description": "`r` calls are left; all again in `t` seconds.", "schema": {}},
}
_RETRY: dict[str, Schema] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
OPERATIONS = "Operations"
_CONVERTERS: dict[str, Schema] = {
    "UUIDConverter": {"type": "string", "format": "uuid"},
    "Reference": {"type": "string", "minLength": 1, "examples": [REFERENCE]},
}


def build(app: Flask, base_url: str) -> Schema:
    """The document of every described route of `app`."""
    components = Components()
    paths: dict[str, dict[str, Schema]] = {}
    for rule, method, said in _calls(app):
        operation = _Operation(app, rule, method, said, components)
        paths.setdefault(path_of(rule), {})[method.lower()] = operation.document()
    cookie = {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "OneBooking", "version": "1", "description": ABOUT},
        "servers": [{"url": base_url}],
        "tags": [{"name": name} for name in _groups(paths)],
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "securitySchemes": {**SCHEMES, "session": cookie},
        },
    }


def _groups(paths: dict[str, dict[str, Schema]]) -> list[str]:
    found = (call["tags"][0] for calls in paths.values() for call in calls.values())
    return sorted(dict.fromkeys(found), key=lambda name: name == OPERATIONS)


def _calls(app: Flask) -> Iterator[tuple[Rule, str, Description]]:
    for rule in app.url_map.iter_rules():
        said = described(app.view_functions[rule.endpoint])
        if said is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, said


def path_of(rule: Rule) -> str:
    """The address of a rule as the document writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


class _Operation:
    """One call of the document."""

    def __init__(
        self, app: Flask, rule: Rule, method: str, said: Description, components: Components
    ) -> None:
        self.view = app.view_functions[rule.endpoint]
        self.rule, self.method, self.said, self.components = rule, method, said, components
        access = declared(self.view)
        self.is_open = access is None or bool(access.open_because)
        self.permissions = access.permissions if access else ()
        self.policy = BY_ROUTE.get(rule.endpoint)

    def document(self) -> Schema:
        summary, _, text = (getdoc(self.view) or "").partition("\n")
        if self.permissions:
            needed = ", ".join(f"`{permission}`" for permission in self.permissions)
            text = f"{text.strip()}\n\nNeeds the permission {needed}."
        found: Schema = {
            "operationId": self.rule.endpoint.rpartition(".")[2],
            "tags": [self.said.group],
            "summary": summary,
            "description": text.strip(),
            "parameters": [*self._path_parameters(), *self._query(), *self._headers()],
            "responses": dict(sorted(self._responses().items())),
            "security": self._security(),
        }
        if self.policy:
            found["x-limit"] = self.policy.name
        if self.said.body:
            found["requestBody"] = {"required": True, "content": self._content(self.said.body)}
        return {name: value for name, value in found.items() if value or name == "security"}

    def _security(self) -> list[dict[str, list[str]]]:
        if self.is_open:
            return [{scheme: [] for scheme in self.said.security}] if self.said.security else []
        desk: dict[str, list[str]] = {"session": []}
        return [{"bearer": []}, desk if self.method == "GET" else {**desk, "csrf": []}]

    def _path_parameters(self) -> Iterator[Schema]:
        for name, converter in self.rule._converters.items():
            schema = _CONVERTERS.get(type(converter).__name__, {"type": "string", "minLength": 1})
            yield {"name": name, "in": "path", "required": True, "schema": schema}

    def _query(self) -> Iterator[Schema]:
        if self.said.query:
            yield from parameters_of(self.said.query)

    def _headers(self) -> Iterator[Schema]:
        if self.said.repeatable:
            text = "Any text of your own; the same one gets the first answer again. Empty: none."
            yield {
                "name": "Idempotency-Key",
                "in": "header",
                "description": text,
                "schema": {"type": "string"},
            }

    def _content(self, model: type[BaseModel]) -> Schema:
        content: Schema = {"schema": self.components.reference(model)}
        if self.said.examples and model is self.said.body:
            content["examples"] = {
                re.sub(r"\W+", "-", name.lower()): {"summary": name, "value": value}
                for name, value in self.said.examples.items()
            }
        return {"application/json": content}

    def _responses(self) -> dict[str, Schema]:
        found: dict[str, Schema] = {}
        for number, (status, model) in enumerate(self.said.answers.items()):
            content = self._content(model) if model else {"text/html": {"schema": {}}}
            found[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
            if self.policy:
                found[str(status)]["headers"] = _HEADERS
            if number == 0 and self.said.links:
                links = {name: _link(link) for name, link in self.said.links.items()}
                found[str(status)]["links"] = links
        for status, errors in self._errors().items():
            found[str(status)] = self._refusal(status, errors)
        return found

    def _errors(self) -> dict[int, list[type[HubError]]]:
        errors: list[type[HubError]] = []
        if self.said.body or self.said.query:
            errors.append(InvalidPayload)
        if self.said.body:
            errors.append(PayloadTooLarge)
        if not self.is_open:
            errors += [AuthFailed, Forbidden]
        if self.rule._converters:
            errors.append(NotFound)
        if self.policy:
            errors.append(RateLimited)
        if self.rule.rule.startswith("/api/"):
            errors.append(HubError)
        by_status: dict[int, list[type[HubError]]] = {}
        for error in dict.fromkeys([*errors, *self.said.errors]):
            by_status.setdefault(error.status, []).append(error)
        return by_status

    def _refusal(self, status: int, errors: list[type[HubError]]) -> Schema:
        codes = [error.code for error in errors]
        schema = {
            "allOf": [self.components.reference(ErrorAnswer)],
            "properties": {"code": {"enum": codes}},
        }
        meaning = " · ".join((error.__doc__ or "").partition("\n")[0] for error in errors)
        found: Schema = {
            "description": f"{', '.join(codes)}: {meaning}",
            "content": {"application/json": {"schema": schema}},
        }
        if RateLimited in errors:
            found["headers"] = {**_RETRY, **_HEADERS}
        return found


def _link(link: Link) -> Schema:
    return {"operationId": link.operation, "parameters": dict(link.parameters)}
