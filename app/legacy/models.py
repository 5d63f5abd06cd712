"""Tables of the imports: each run, and what became of each row it read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.ids import new_id


class ImportRun(Base):
    """One import of a folder of files."""

    __tablename__ = "import_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    system: Mapped[str]
    """Whose rows these are: the same row of the same system is brought in once."""
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    state: Mapped[str] = mapped_column(server_default="running")
    """`running`, `done`, `stopped` (its files changed before it had ended) or `undone`; what was
    broken off stays `running` and is resumed."""
    progress: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """By file: its digest, how far it was read, and the counts so far."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class ImportedRow(Base):
    """A row of another system and what it became here."""

    __tablename__ = "imported_rows"

    system: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """`user`, `booking` or `participant`."""
    legacy_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"))
    our_id: Mapped[UUID]
    """The customer, booking or traveler."""
    is_ours: Mapped[bool]
    """It was made by the import: undoing takes it back. Otherwise it was here before."""
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the row: the same again is nothing new."""

    __table_args__ = (
        Index("ix_imported_rows_run", "run_id", "kind"),
        Index("ix_imported_rows_ours", "kind", "our_id"),
    )
