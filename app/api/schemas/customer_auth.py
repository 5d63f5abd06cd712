"""What the doors of signing in by phone take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


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
