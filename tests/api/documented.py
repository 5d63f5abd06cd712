"""Whether an answer is what the document says: its status, its kind and its shape."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app.api import openapi

FREE = {405}
"""Of an address that does not take the method: no call of the document."""


def document_of(app: Flask) -> dict[str, Any]:
    """The document, made once for each app."""
    if "test document" not in app.extensions:
        app.extensions["test document"] = openapi.build(app, "http://localhost")
    found: dict[str, Any] = app.extensions["test document"]
    return found


def faults_of(app: Flask, response: TestResponse) -> list[str]:
    """What is not as documented; nothing for an address outside the document."""
    request = response.request
    try:
        rule, _ = app.url_map.bind("localhost").match(
            request.path, request.method, return_rule=True
        )
    except HTTPException:
        return []
    operations = document_of(app)["paths"].get(openapi.path_of(rule))
    if operations is None or response.status_code in FREE:
        return []
    operation = operations[request.method.lower()]
    answer = operation["responses"].get(str(response.status_code))
    if answer is None:
        return [f"{response.status_code} is not documented: {response.text[:200]}"]
    if response.mimetype not in answer["content"]:
        return [f"{response.mimetype} is not documented"]
    if response.mimetype != "application/json":
        return []
    missing = [name for name in answer.get("headers", {}) if name not in response.headers]
    faults = [f"no header {name}" for name in missing]
    schema = answer["content"]["application/json"]["schema"]
    return faults + _faults(document_of(app), schema, response.get_json())


def _faults(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{list(e.instance_path)}: {e.message}"[:300] for e in validator.iter_errors(value)]
