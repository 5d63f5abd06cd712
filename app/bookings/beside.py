"""What other rooms say beside a booking on its page: what its guest asked for.

The bookings know of nobody who asks; who does is set here when the app is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.staff.scope import Scope

Teller = Callable[[Session, Scope, Booking], Mapping[str, Any]]
"""Of a booking that is seen with this scope: names for its templates."""


class Beside:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._ask: Teller | None = None

    def use(self, teller: Teller) -> None:
        """Make this the one who is asked."""
        self._ask = teller

    def told(self, session: Session, scope: Scope, booking: Booking) -> Mapping[str, Any]:
        """What is said of this booking; nothing where nobody is asked."""
        return self._ask(session, scope, booking) if self._ask else {}


beside = Beside()
