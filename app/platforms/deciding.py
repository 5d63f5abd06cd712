"""What a delivery to a platform means, as things stand when it leaves: the booking as it is now
against the reservation that is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import ARRIVING
from app.deliveries.channel import Claim, Unsendable, Unsent
from app.platforms import registry, telling
from app.platforms.base import Capability
from app.platforms.carrying import Aim, Plan
from app.platforms.composing import (
    as_of,
    begins,
    is_off,
    is_wanted_at,
    moved,
    news,
    wanted_of,
)
from app.platforms.gathering import Batch
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.reservations import OPEN

Mark = Callable[[Plan], bool]
BUSY_FOR = timedelta(seconds=1)

HOLDS_IT = "The platform holds this already."
STAFF_FIRST = "Staff must say first whether the reservation is there: see the booking."
LOST = (
    "The answer was lost, and this platform cannot be looked at from here. Look there whether it "
    "has this booking."
)
NO_CLOCK = "It was not sent: its time is no time of the clock, such as 19:30."
TOO_LATE = "It was not sent: its time had passed."
ARRIVED = "It was not sent: the party was not expected any more."


def closed_because(connection: PlatformConnection) -> str | None:
    """Why nothing can be sent there as it is set up; None when it can."""
    if connection.platform_type not in registry.KINDS:
        return f"This installation has no platform {connection.platform_type}."
    if not connection.is_enabled:
        return "The connection is switched off."
    return None


def decide(batch: Batch, claim: Claim, mark: Mark) -> Plan | Unsendable:
    """What to do for this delivery. The row says `making_since` from now on when it is a plan."""
    connection = batch.connections.get(claim.destination_key)
    if connection is None:
        return _nothing("The connection was removed.")
    if reason := closed_because(connection):
        return Unsendable(Unsent.WAIT, reason)
    booking = batch.bookings.get(claim.booking_id) if claim.booking_id else None
    row = batch.row_at(connection, booking) if booking else None
    if booking is None or row is None:
        return _nothing("It has no reservation there.")
    return _Case(batch, connection, booking, row, mark).decide()


class _Case:
    """One booking at one platform."""

    def __init__(
        self,
        batch: Batch,
        connection: PlatformConnection,
        booking: Booking,
        row: PlatformReservation,
        mark: Mark,
    ) -> None:
        self.batch, self.connection, self.booking, self.row = batch, connection, booking, row
        self.mark = mark
        self.account = batch.account(connection)
        self.abilities = registry.capabilities_of(self.account)
        self.changes = batch.changes.get(booking.id, ())
        self.off = is_off(booking, connection.venue_id)
        self.wanted = is_wanted_at(booking, connection.venue_id)
        at = begins(booking, self.account.timezone)
        self.has_time, self.is_past = at is not None, at is not None and at < batch.now

    def decide(self) -> Plan | Unsendable:
        if self.row.state == ReservationState.UNKNOWN:
            return self._unknown()
        if self.row.state not in OPEN and not self._begins_anew():
            return _nothing("Nothing is left to say.")
        found = self._live() if self.row.state == ReservationState.LIVE else self._making()
        if not isinstance(found, Plan):
            return found
        if self.batch.is_busy(self.row, self.booking):
            reason = "Another booking of this guest is being sent."
            return Unsendable(Unsent.LATER, reason, self.batch.now + BUSY_FOR)
        self.row.making_since = self.batch.now
        if self.row.state == ReservationState.MAKING and found.aim is Aim.CREATE:
            self.row.version = found.sent_version if found.is_open else found.version
        return found

    def _unknown(self) -> Unsendable:
        """It says so since before the call left: whoever made that is gone without an answer."""
        if self.row.problem is None:
            self.row.problem, self.row.making_since = LOST, None
            telling.tell(self.batch.session, self.connection, self.row, telling.UNCLEAR)
        return _nothing(STAFF_FIRST)

    def _begins_anew(self) -> bool:
        """Whether what was refused or called off is to be made after all: the booking changed."""
        if not self.wanted or not moved(self.row.version, self.connection.key, self.changes):
            return False
        if self.batch.stands_elsewhere(self.connection, self.booking):
            return False
        if self.row.state == ReservationState.CANCELLED:
            self.row = new_row(self.connection, self.booking)
            self.batch.session.add(self.row)
        else:
            self.row.state, self.row.making_since = ReservationState.MAKING.value, None
        self.batch.session.flush()
        return True

    def _live(self) -> Plan | Unsendable:
        if self.off:
            if self.batch.is_shared(self.row):
                self._ends(ReservationState.CANCELLED)
                return Unsendable(Unsent.DONE, "Another booking still stands on this reservation.")
            return self._plan(Aim.CANCEL)
        if self.booking.status not in ARRIVING:
            return _nothing("Who arrived, and who did not, is not sent.")
        if not news(self.row.version, self.connection.key, self.changes):
            self.row.problem = None
            return _nothing(HOLDS_IT)
        if not self.has_time or self.is_past:
            self.row.problem = TOO_LATE if self.has_time else NO_CLOCK
            return _nothing(self.row.problem)
        shared = self.batch.is_shared(self.row)
        if Capability.UPDATE in self.abilities and not shared:
            return self._plan(Aim.UPDATE)
        return self._plan(Aim.RENEW, leaves=not shared)

    def _making(self) -> Plan | Unsendable:
        lists = Capability.LIST in self.abilities
        is_open = self.row.making_since is not None and lists
        if self.wanted and self.has_time and not self.is_past:
            return self._plan(Aim.CREATE, is_open=is_open)
        if is_open:
            return self._plan(Aim.CANCEL if self.off else Aim.ADOPT, is_open=True)
        if self.off or (self.booking.status in ARRIVING and not self.wanted):
            self._ends(ReservationState.CANCELLED)
            return _nothing("It was called off before it was made.")
        why = ARRIVED if not self.wanted else TOO_LATE if self.has_time else NO_CLOCK
        self._ends(ReservationState.REFUSED, why)
        if self.wanted:
            telling.tell(self.batch.session, self.connection, self.row, telling.REFUSED)
        return _nothing(why)

    def _ends(self, state: ReservationState, problem: str | None = None) -> None:
        self.row.state, self.row.problem, self.row.making_since = state.value, problem, None
        self.row.version = self.booking.version

    def _plan(self, aim: Aim, *, is_open: bool = False, leaves: bool = True) -> Plan:
        language = self.batch.languages.get(self.booking.customer_id)
        again = self.batch.times_made(self.connection, self.booking) + (aim is Aim.RENEW)
        wanted = wanted_of(self.booking, self.account, language, again)
        sent_version = self.row.version or 0
        return Plan(
            reservation_id=self.row.id,
            aim=aim,
            account=self.account,
            wanted=wanted,
            sent=as_of(wanted, sent_version, self.changes) if sent_version else wanted,
            version=self.booking.version,
            sent_version=sent_version,
            begun=self.batch.now,
            external_id=self.row.external_id,
            is_open=is_open,
            leaves=leaves,
            mark=self.mark,
            reason=self.booking.cancellation_reason or "",
        )


def new_row(connection: PlatformConnection, booking: Booking) -> PlatformReservation:
    """A reservation that is to be made; no call has begun."""
    return _row_of(connection.website_id, connection.id, booking.id)


def _row_of(website_id: str, connection_id: UUID, booking_id: UUID) -> PlatformReservation:
    return PlatformReservation(
        website_id=website_id,
        connection_id=connection_id,
        booking_id=booking_id,
        is_ours=True,
        state=ReservationState.MAKING.value,
    )


def mark_with(session: Session) -> Mark:
    """Marks on the database of this session, in transactions of their own."""
    engine = session.get_bind()

    def mark(plan: Plan) -> bool:
        with Session(engine) as apart, apart.begin():
            return begin_create(apart, plan)

    return mark


def begin_create(session: Session, plan: Plan) -> bool:
    """The row says that a create is under way; False when another worker has it."""
    row = session.get(PlatformReservation, plan.reservation_id, with_for_update=True)
    if row is None or row.making_since != plan.begun:
        return False
    if plan.aim is Aim.RENEW:
        row.state, row.making_since = ReservationState.CANCELLED.value, None
        row.version, row.problem = plan.version, None
        session.flush()
        row = _row_of(row.website_id, row.connection_id, row.booking_id)
        session.add(row)
    row.making_since, row.version = plan.begun, plan.version
    if not plan.lists:
        row.state = ReservationState.UNKNOWN.value
    session.flush()
    plan.reservation_id = UUID(str(row.id))
    return True


def _nothing(reason: str) -> Unsendable:
    return Unsendable(Unsent.NOTHING, reason)
