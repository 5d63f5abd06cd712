"""Looking at the desk as somebody else: nothing can be changed, by two walls.

Every request that is not a GET is refused, and the transaction of a GET is read only in the
database, so that a page which writes on the way is refused too.
"""

from __future__ import annotations

from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction

from app.errors import Refused
from app.extensions import db
from app.staff.models import User

READ_ONLY = "read_only"


def refusal(person: User) -> Refused:
    """What somebody is told who tries to change something meanwhile."""
    return Refused(
        f"You are looking at the desk as {person.name}, so nothing can be changed."
        " Stop viewing first."
    )


def forbid_writing() -> None:
    """Until the end of the request the database refuses changes."""
    session = db.session()
    if not session.info.get(READ_ONLY):
        session.info[READ_ONLY] = True
        session.execute(text("SET TRANSACTION READ ONLY"))


def allow_writing() -> None:
    """From the next transaction on: for what belongs to whoever is looking."""
    db.session().info.pop(READ_ONLY, None)


# A page may roll back and read on: the transactions after the first are read only as well.
@event.listens_for(Session, "after_begin")
def _begin_read_only(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    if session.info.get(READ_ONLY):
        connection.execute(text("SET TRANSACTION READ ONLY"))
