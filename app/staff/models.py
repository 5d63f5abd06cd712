"""Tables of the people of the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.crypto import EncryptedText
from app.extensions import Base
from app.ids import new_id
from app.staff.permissions import BUILT_IN_ROLES
from app.staff.scope import NOTHING, Scope


class User(Base):
    """Somebody who works at the desk."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(EncryptedText)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """Somebody of a partner: they see its portal and nothing of the desk."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    totp_secret: Mapped[str | None] = mapped_column(EncryptedText)
    """Of the authenticator app; without `two_step_since` it is still to be confirmed."""
    totp_last_step: Mapped[int | None]
    """The newest time step whose code was used: that code and older ones work no more."""
    two_step_since: Mapped[datetime | None]

    __table_args__ = (Index("ix_users_name", "name", "id"),)

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", lazy="raise")

    is_authenticated = True
    is_anonymous = False
    login_token = ""
    """Of the session this person came with; what the cookie holds. Never stored."""

    def get_id(self) -> str:
        """What Flask-Login puts into the cookie: the session's token, not who it is."""
        return self.login_token

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"

    @property
    def scope(self) -> Scope:
        """What this person may do where. The memberships must have been loaded."""
        if self.partner_id is not None:
            return NOTHING  # whatever was ever given to them
        return Scope.of((m.website_id, m.role.grants) for m in self.memberships)

    @property
    def has_two_step(self) -> bool:
        """Whether signing in takes a code beside the password."""
        return self.two_step_since is not None

    @property
    def needs_two_step(self) -> bool:
        """Whether a role wants 2-step sign-in. The memberships must have been loaded."""
        return any(m.role.requires_two_step for m in self.memberships)


class UserSession(Base):
    """One signed-in browser. Deleting the row signs it out at once."""

    __tablename__ = "user_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(server_default="browser")
    """`browser` (cookie) or `api` (staff JSON API token)."""
    ip: Mapped[str]
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    viewing_as_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Whose desk this person is looking at, read only."""

    user: Mapped[User] = relationship(lazy="raise", foreign_keys=user_id)


class Role(Base):
    """A named set of permissions."""

    __tablename__ = "roles"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    permissions: Mapped[list[Any]] = mapped_column(JSONB)
    """Of a role that managers made; a built-in one takes its permissions from the code."""
    built_in: Mapped[bool] = mapped_column(server_default=text("false"))
    requires_two_step: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (Index("uq_roles_name_folded", text("lower(name)"), unique=True),)

    @property
    def grants(self) -> frozenset[str]:
        """The permissions this role gives."""
        if self.built_in:
            return frozenset(BUILT_IN_ROLES[self.name])
        return frozenset(self.permissions)


class Membership(Base):
    """A person holds a role for one website, or for all of them (website_id is null)."""

    __tablename__ = "memberships"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    website_id: Mapped[str | None] = mapped_column(ForeignKey("websites.id"), index=True)
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"), index=True)

    user: Mapped[User] = relationship(back_populates="memberships", lazy="raise")
    role: Mapped[Role] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("user_id", "website_id", "role_id"),
        Index(
            "ix_memberships_everywhere",
            "user_id",
            "role_id",
            unique=True,
            postgresql_where="website_id IS NULL",
        ),
    )


class LoginAttempt(Base):
    """A failed sign-in, kept for the throttle. Account and address are keyed hashes."""

    __tablename__ = "login_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_hash: Mapped[bytes] = mapped_column(LargeBinary)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        Index("ix_login_attempts_account", "account_hash", "created_at"),
        Index("ix_login_attempts_address", "address_hash", "created_at"),
        Index("ix_login_attempts_age", "created_at"),
    )


class LoginLink(Base):
    """A one-time link; `purpose` says what it opens.

    `first_admin` makes the first superadmin of an empty installation, `invitation` brings
    somebody into the team, `code` is a sign-in that has passed the password and waits for a code.
    """

    __tablename__ = "login_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    """Who is signing in (`code`)."""

    # Of an invitation:
    email: Mapped[str | None] = mapped_column(EncryptedText)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Mapped[str | None]
    role_id: Mapped[UUID | None] = mapped_column(ForeignKey("roles.id"), index=True)
    website_ids: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """For which websites the role is; None for all."""
    partner_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("partners.id", ondelete="CASCADE"), index=True
    )
    """To the portal of this partner, instead of a role."""
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))

    role: Mapped[Role | None] = relationship(lazy="raise")
    invited_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=invited_by_id)

    @property
    def places(self) -> list[str | None]:
        """The websites, as memberships name them: None is all of them."""
        return [None] if self.website_ids is None else list(self.website_ids)


class RecoveryCode(Base):
    """A way in when the phone is lost: works once. The keyed hash of the code."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    used_at: Mapped[datetime | None]
