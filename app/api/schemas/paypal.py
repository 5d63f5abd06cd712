"""What PayPal is answered."""

from __future__ import annotations

from typing import Literal

from app.api.schemas.answers import _Answer


class HookAnswer(_Answer):
    """The event is kept; the same one again changes nothing."""

    success: Literal[True]
    received: Literal[True]
