"""What a booking platform is answered."""

from __future__ import annotations

from typing import Literal

from app.api.schemas.answers import _Answer


class HintAnswer(_Answer):
    """It was heard. `pulled`: whether its reservations are pulled now; not where the connection
    is switched off."""

    success: Literal[True]
    pulled: bool
