"""The document of all JSON calls, for programs and for people."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, make_response

from app.api import limits, openapi
from app.api.describing import describes
from app.api.readable import groups_of
from app.api.schemas.answers import DocumentAnswer
from app.staff.context import settings
from app.staff.guards import public
from app.web import page

reference = Blueprint("api_reference", __name__)


def the_document() -> dict[str, Any]:
    """The document of this installation, made once."""
    kept = current_app.extensions
    if "openapi" not in kept:
        app = cast(Any, current_app)._get_current_object()
        kept["openapi"] = openapi.build(app, settings().base_url)
    return cast("dict[str, Any]", kept["openapi"])


@reference.get("/api/openapi.json")
@public("developers of other systems read it; it holds no data")
@describes("Operations", answers={200: DocumentAnswer})
def document() -> Response:
    """This document, in OpenAPI 3.1."""
    response = make_response(jsonify(the_document()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@reference.get("/api/docs")
@public("developers of other systems read it; it holds no data")
@describes("Operations", answers={200: None})
def docs() -> Response:
    """This document, for people."""
    found = the_document()
    return page("api/docs.html", groups=groups_of(found), limits=limits.in_force())
