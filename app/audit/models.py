"""Table of the seals: the hash chain over the log."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ARRAY, BigInteger, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base

HASH_SIZE = 32


class Seal(Base):
    """A stretch of the log that is settled, with the hash of each of its events. Append-only.

    Every hash covers its event and the hash before it; the first of a day goes on from the last
    of the day before.
    """

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3, … without a gap."""
    day: Mapped[dt.date]
    """In UTC. An event that committed after a later day had begun counts to that day."""
    event_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """In the order of (transaction, id), in which nothing can be inserted once it is settled."""
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    """32 bytes for each of them."""
    transaction: Mapped[int]
    """Of the last event: with its id, how far the log is sealed."""
    sealed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (Index("ix_audit_seals_day", "day", "number"),)

    @property
    def end(self) -> tuple[int, int]:
        """(transaction, id) of the last event."""
        return self.transaction, self.event_ids[-1]

    @property
    def last_hash(self) -> bytes:
        """What the next event's hash goes on from."""
        return self.hashes[-HASH_SIZE:]

    def hash_at(self, place: int) -> bytes:
        """The hash of the event at this place of `event_ids`."""
        return self.hashes[place * HASH_SIZE : (place + 1) * HASH_SIZE]
