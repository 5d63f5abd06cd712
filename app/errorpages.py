"""What people and programs are told when something does not work.

Below `/api` every answer has the wire shape of `errors.error_body`, elsewhere it is a page. An
exception that nobody expected is logged with the request id, and told to nobody.
"""

from __future__ import annotations

from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.errors import (
    AuthFailed,
    Fault,
    Forbidden,
    HubError,
    InvalidPayload,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Refused,
    error_body,
)
from app.extensions import db
from app.logs import get_logger
from app.web import go, toast, wants_fragment

BY_STATUS: dict[int, HubError] = {
    401: AuthFailed("Who is calling is not known."),
    403: Forbidden("This is not allowed."),
    404: NotFound("There is nothing at this address."),
    405: NotFound("This address does not take that method."),
    413: PayloadTooLarge("The body is too large."),
    429: RateLimited(),
}


READ_ONLY_SQL_TRANSACTION = "25006"


def init_errorpages(app: Flask) -> None:
    """Answer every kind of failure."""
    app.register_error_handler(HubError, answer)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def is_api() -> bool:
    """Whether a program is asking."""
    return request.path == "/api" or request.path.startswith("/api/")


def answer(error: HubError, status: int | None = None, reason: str = "") -> Response:
    """The answer to an error of ours. Whatever was written is rolled back."""
    db.session.rollback()
    status = status or error.status
    if is_api():
        response = make_response(jsonify(error_body(error, g.get("request_id", ""))), status)
    elif isinstance(error, AuthFailed):
        return go(url_for("staff.login", next=_where_to()))
    else:
        said = error.message if isinstance(error, Refused) else ""
        response = _page(status, reason, said)
        if said and wants_fragment():
            toast(response, said, "danger")
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(status: int, reason: str, said: str) -> Response:
    context = {"code": status, "reason": reason, "said": said}
    context["request_id"] = g.get("request_id", "")
    return make_response(render_template("ui/error.html", **context), status)


def _where_to() -> str | None:
    """Where to go on after signing in: only a page can be gone back to."""
    if wants_fragment():
        return request.headers.get("HX-Current-URL", "").removeprefix(request.host_url[:-1]) or None
    return request.full_path.rstrip("?") if request.method == "GET" else None


def _csrf(error: CSRFError) -> Response:
    message = "The CSRF token is missing or wrong: send it as X-CSRFToken."
    return answer(Forbidden(message) if is_api() else InvalidPayload(message), reason="csrf")


def _http(error: HTTPException) -> Response:
    if error.response is not None:  # somebody aborted with an answer of their own
        return make_response(error.response)
    status = error.code or 500
    if status < 400:  # a redirect to the same place with a slash
        return make_response(error.get_response())
    known = BY_STATUS.get(status)
    if known is None:
        text = error.description or "This cannot be read."
        known = InvalidPayload(text, [Fault("", text)]) if status < 500 else HubError()
    response = answer(known, status=status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _unexpected(error: Exception) -> Response:
    if _database_is_read_only(error):
        return answer(Refused("Nothing can be changed now: this is for looking only."))
    get_logger().error("unexpected error", exc_info=error, code=HubError.code)
    propagate = current_app.config["PROPAGATE_EXCEPTIONS"]
    if current_app.testing if propagate is None else propagate:
        raise error
    return answer(HubError(), status=503 if _database_is_away(error) and not is_api() else 500)


def _database_is_read_only(error: Exception) -> bool:
    """It looks on as somebody else, or the installation reads from a standby."""
    refused = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, DBAPIError) and refused == READ_ONLY_SQL_TRANSACTION


def _database_is_away(error: Exception) -> bool:
    """No answer at all: a refusal of PostgreSQL has a state, a lost connection has none."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) is None
