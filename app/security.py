"""Headers that tell the browser what our pages never do; texts that no database takes."""

from __future__ import annotations

from flask import Flask, Response, request

from app.errors import InvalidPayload, NotFound

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"


def init_security(app: Flask) -> None:
    """Send them with every answer."""

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response


def init_texts(app: Flask) -> None:
    """Refuse NUL characters in addresses and forms. JSON doors check their own bodies."""
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    """Raises NotFound for an address that cannot exist, InvalidPayload for what was typed."""
    named = (request.view_args or {}).values()
    if any("\x00" in value for value in named if isinstance(value, str)):
        raise NotFound("It does not exist.")
    if request.path.startswith("/api/"):
        return
    typed = [*request.args.lists(), *request.form.lists()]
    if any("\x00" in value for _, values in typed for value in values):
        raise InvalidPayload("Texts must not hold NUL characters.")
