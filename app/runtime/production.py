"""What production looks for in its database before it serves: what was only good for trying out.

`unsafe_settings` judges the environment; this judges what is stored.
"""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import UnsafeSettings
from app.config import Settings
from app.extensions import db
from app.logs import get_logger
from app.websites.models import Website

FIRST = "The database is not safe for production. Start it with ENV=development DEMO=0 to tidy up:"

log = get_logger()


def refuse_unsafe_data(app: Flask) -> None:
    """Raises UnsafeSettings, in production, when the database is not safe for it.

    Nothing stays connected, so that the process may fork afterwards.
    """
    settings: Settings = app.extensions["settings"]
    if settings.env != "production":
        return
    with app.app_context():
        try:
            faults = unsafe_data(db.session())
        finally:
            db.session.remove()
            db.engine.dispose()
    if faults:
        raise UnsafeSettings("\n  ".join([FIRST, *faults]))


def refuse_to_serve_unsafe_data(app: Flask) -> None:
    """The same for a web process, which starts also while its database is away."""
    try:
        refuse_unsafe_data(app)
    except DBAPIError as error:
        log.warning("database not checked", exc_info=error)


def unsafe_data(session: Session) -> list[str]:
    """What must be changed first, a sentence each: what it is and what to do."""
    from demo.left import public_secrets  # noqa: PLC0415 (nobody else has a use for it)

    clear = select(Website.id).where(Website.webhook_url.not_ilike("https://%"))
    return public_secrets(session) + [
        f"The webhook address of {website} has no https: what is sent is personal. Change it."
        for website in session.scalars(clear.order_by(Website.id))
    ]
