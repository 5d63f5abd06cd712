"""Table of the source websites."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedText
from app.extensions import Base


class Website(Base):
    """A business behind one source website. Access is given per website."""

    __tablename__ = "websites"

    id: Mapped[str] = mapped_column(primary_key=True)
    """A slug: `hanuman-world`."""
    name: Mapped[str]
    domain: Mapped[str]
    logo_url: Mapped[str | None]
    timezone: Mapped[str] = mapped_column(server_default="Asia/Bangkok")
    currency: Mapped[str] = mapped_column(server_default="THB")
    phone_region: Mapped[str] = mapped_column(server_default="TH")
    """ISO 3166 region in which phones without a country code are read."""
    webhook_url: Mapped[str | None]
    webhook_secret: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    old_webhook_secret: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    """The secret before the last rotation; signs too until `old_secret_until`."""
    old_secret_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    keep_payloads_days: Mapped[int] = mapped_column(server_default=text("90"))
    """After so many days the bodies in its sync log are cleared."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def door(self) -> str:
        """How this website's door is named in the log."""
        return f"website:{self.id}"

    def signing_secrets(self, now: datetime | None = None) -> list[str]:
        """The secrets that sign a webhook now: the current one, and during overlap the old."""
        now = now or datetime.now(UTC)
        secrets = [self.webhook_secret]
        if self.old_secret_until is not None and self.old_secret_until > now:
            secrets.append(self.old_webhook_secret)
        return [secret for secret in secrets if secret]
