"""The document: complete, true to the views, and readable."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from app.api.describing import described
from app.api.openapi import path_of
from app.api.readable import groups_of
from app.api.schemas.staff import BookingChanges
from app.api.schemas.sync import SyncBody, parse
from tests.api.documented import document_of, faults_of
from tests.desk import build_house
from tests.harness.live import StackFactory

OTHERS = {"/healthz", "/readyz"}


@pytest.fixture
def document(client: FlaskClient, db_session: object) -> dict[str, Any]:
    answer = client.get("/api/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = answer.get_json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_route_below_api_is_in_it(app: Flask, document: dict[str, Any]) -> None:
    there = {(path, method) for path, method, _ in operations(document)}
    routes = {
        (path_of(rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") or rule.rule in OTHERS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == routes


def test_nobody_can_forget_a_route(app: Flask) -> None:
    silent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and described(app.view_functions[rule.endpoint]) is None
    }
    assert silent == set()


def test_the_schemas_are_those_that_check(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for model in (SyncBody, BookingChanges):
        assert schemas[model.__name__]["properties"].keys() == model.model_fields.keys()
    assert schemas["SyncBody"]["additionalProperties"] is True
    assert schemas["BookingChanges"]["additionalProperties"] is False
    assert set(schemas["SyncBody"]["required"]) == {"event", "source_booking_id"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named == schemas.keys()
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for _, _, operation in operations(document):
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                assert link["operationId"] in ids


def test_examples_are_what_they_show(document: dict[str, Any]) -> None:
    checked = 0
    for _, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        whole = {**content.get("schema", {}), "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        for example in content.get("examples", {}).values():
            assert validator.is_valid(example["value"]), example["summary"]
            checked += 1
    assert checked >= 10


def test_the_examples_of_the_sources_are_taken(
    document: dict[str, Any], client: FlaskClient
) -> None:
    body = document["paths"]["/api/bookings/sync"]["post"]["requestBody"]
    for example in body["content"]["application/json"]["examples"].values():
        parse(json.dumps(example["value"]).encode())


def test_what_may_happen_follows_from_the_route(document: dict[str, Any]) -> None:
    statuses = {
        (method, path): set(operation["responses"])
        for path, method, operation in operations(document)
    }
    possible = "200 201 400 401 403 404 409 413 429 500"
    assert " ".join(sorted(statuses["POST", "/api/bookings/sync"])) == possible
    assert {"401", "403", "404", "429"} <= statuses["GET", "/api/bookings/{booking_id}"]
    assert "413" not in statuses["GET", "/api/bookings"]
    sync = document["paths"]["/api/bookings/sync"]["post"]
    assert sync["security"] == [{"apiKey": []}]
    assert {"bearer": []} in document["paths"]["/api/bookings"]["get"]["security"]
    assert "Retry-After" in sync["responses"]["429"]["headers"]


def test_an_answer_that_is_not_as_documented_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, db_session: object
) -> None:
    house = build_house(app)
    answer = house.browser("manager").get("/api/websites")
    assert faults_of(app, answer) == []
    paths = document_of(app)["paths"]["/api/websites"]["get"]["responses"]
    monkeypatch.delitem(answer.headers, "RateLimit")  # type: ignore[arg-type]
    assert "RateLimit" in str(faults_of(app, answer))
    body = json.loads(answer.data)
    body["websites"][0]["webhook_secret"] = "x"
    answer.set_data(json.dumps(body))
    assert "webhook_secret" in str(faults_of(app, answer))
    monkeypatch.delitem(paths, "200")
    assert "not documented" in str(faults_of(app, answer))


def test_the_page_shows_every_call(document: dict[str, Any], client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.mimetype == "text/html"
    for path, _, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text
        assert path in page.text
    for expected in ("customer.email", "addons[].unit_price", "X-API-Key: $KEY", "RateLimit"):
        assert expected in page.text
    calls = [call for group in groups_of(document).values() for call in group]
    assert len(calls) == len(operations(document))


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_is_clean_in_a_browser(live_stack: StackFactory, browser: Browser) -> None:
    stack = live_stack(workers=0)
    page = browser.new_page(viewport={"width": 420, "height": 900})
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.goto(f"{stack.url}/api/docs")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for part in (".docs-nav", "#doors", "#add_key"):  # the rest repeats them
            found = Axe().run(page, context=part)
            assert found.violations_count == 0, f"{part} {theme}: {found.generate_report()}"
    assert said == []
    page.close()
