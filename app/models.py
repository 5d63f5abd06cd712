"""Every table, in one import: for migrations and for whoever needs all of them mapped."""

from app.api.models import Receipt
from app.apikeys.models import ApiKey
from app.audit.models import Seal
from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.models import Event, Outbox
from app.partners.models import Partner, PartnerCustomer, PartnerVenue
from app.reports.models import BookingDay
from app.schedule.models import ScheduledRun
from app.staff.models import (
    LoginAttempt,
    LoginLink,
    Membership,
    RecoveryCode,
    Role,
    User,
    UserSession,
)
from app.venues.models import (
    Activity,
    ActivityPrice,
    Departure,
    DiveSite,
    OpeningHours,
    SlotClosure,
    SlotUsage,
    SpecialHours,
    Venue,
)
from app.websites.models import Website

__all__ = [
    "Activity",
    "ActivityPrice",
    "ApiKey",
    "Booking",
    "BookingDay",
    "Customer",
    "Delivery",
    "Departure",
    "Destination",
    "DiveSite",
    "Event",
    "LoginAttempt",
    "LoginLink",
    "Membership",
    "OpeningHours",
    "Outbox",
    "Partner",
    "PartnerCustomer",
    "PartnerVenue",
    "Receipt",
    "RecoveryCode",
    "Role",
    "ScheduledRun",
    "Seal",
    "SlotClosure",
    "SlotUsage",
    "SpecialHours",
    "SyncLog",
    "User",
    "UserSession",
    "Venue",
    "Website",
]
