"""What the doors of signing in by phone take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.api.schemas.kinds import ABSENT, Email, Filled50, Filled100

Token = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, pattern=r"^[0-9]{6}$")]

ASK = {"A phone": {"phone": "+9779841234567"}}
CHECK = {"With the code": {"phone": "+9779841234567", "otp": "123456", "device": "Asha's phone"}}
PROFILE = {"Name and e-mail": {"name": "Asha Gurung", "email": "asha@example.com"}}
"""Bodies, for the document."""


class _Body(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CodeRequest(_Body):
    """`POST auth/request-otp`."""

    phone: Filled50
    """A mobile number that begins with + and its country."""


class CodeCheck(_Body):
    """`POST auth/verify-otp`."""

    phone: Filled50
    """As you sent it."""
    otp: Code
    """The six digits."""
    device: Filled100 = "A phone"
    """What your list of devices will call this one."""


class RefreshBody(_Body):
    """`POST auth/refresh`."""

    refresh_token: Token


class ProfileChange(_Body):
    """`PUT auth/profile`: the fields to change."""

    name: Filled100 = ABSENT
    email: Email | None = None
    """Null: none any more."""

    def said(self) -> dict[str, str | None]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CodeSent(_Answer):
    """The same for every number."""

    success: Literal[True]
    message: str
    expires_in: Annotated[int, Field(ge=0)]
    """Seconds."""
    resend_in: Annotated[int, Field(ge=0)]
    """Seconds after which another one can be asked for."""


class OwnProfile(_Answer):
    """What you are known by."""

    id: UUID
    name: str
    """Empty until you say it."""
    phone: str | None
    email: str | None
    is_complete: bool
    """Whether there is a name."""
    phone_verified_at: datetime | None


class ProfileAnswer(_Answer):
    """Your profile."""

    success: Literal[True]
    profile: OwnProfile


class CustomerTokens(_Answer):
    """What opens the doors from now on."""

    success: Literal[True]
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds."""
    refresh_token: str
    """Works once: it is exchanged for the next one."""
    refresh_expires_in: int
    is_new: bool
    """Nobody was known by this phone before."""
    profile: OwnProfile


class OwnDevice(_Answer):
    """A phone on which you are signed in."""

    id: UUID
    label: str
    """What it called itself."""
    is_this_one: bool
    signed_in_at: datetime
    last_seen_at: datetime


class DevicesAnswer(_Answer):
    """Your devices, last used first."""

    success: Literal[True]
    devices: list[OwnDevice]


class SignedOut(_Answer):
    """The device is signed out, and its tokens work no more."""

    success: Literal[True]
    device_id: UUID
