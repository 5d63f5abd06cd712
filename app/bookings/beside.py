"""What other rooms say beside a booking on its page: what its guest asked for, who else holds it.

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
        self._tellers: tuple[Teller, ...] = ()

    def use(self, *tellers: Teller) -> None:
        """Make these the ones who are asked."""
        self._tellers = tellers

    def told(self, session: Session, scope: Scope, booking: Booking) -> Mapping[str, Any]:
        """What is said of this booking; nothing where nobody is asked."""
        said: dict[str, Any] = {}
        for teller in self._tellers:
            said.update(teller(session, scope, booking))
        return said


beside = Beside()
