"""Webhook endpoints of two other demo websites that do not work, so that the desk shows how it is.

They belong to nobody and keep nothing: one is always down, one refuses what it is told.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response

neighbours = Blueprint("neighbours", __name__)

DOWN, PICKY = "/neighbours/down", "/neighbours/picky"


@neighbours.post(DOWN)
def down() -> Response:
    """A server that is being repaired."""
    answer = {"success": False, "error": "Closed for maintenance"}
    return make_response(jsonify(answer), 503)


@neighbours.post(PICKY)
def picky() -> Response:
    """A website with an old version of the integration."""
    answer = {"success": False, "error": "This version cannot change the time of a booking"}
    return make_response(jsonify(answer), 422)
