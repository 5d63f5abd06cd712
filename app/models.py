"""Every table, in one import: for migrations and for whoever needs all of them mapped."""

from app.alerts.models import Alert, CallMinute
from app.api.models import Receipt
from app.apikeys.models import ApiKey
from app.audit.models import Seal
from app.bookings.models import Booking
from app.customers.models import Customer, CustomerMerge
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.models import Event, Outbox
from app.menus.models import BookingItem, MenuItem, MenuSection
from app.messaging.models import Message, MessageSettings, MessageTemplate, Notice
from app.partners.models import Partner, PartnerCustomer, PartnerVenue
from app.payments.models import Payment, PaymentSettings, ProviderEvent
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
    "Alert",
    "ApiKey",
    "Booking",
    "BookingDay",
    "BookingItem",
    "CallMinute",
    "Customer",
    "CustomerMerge",
    "Delivery",
    "Departure",
    "Destination",
    "DiveSite",
    "Event",
    "LoginAttempt",
    "LoginLink",
    "Membership",
    "MenuItem",
    "MenuSection",
    "Message",
    "MessageSettings",
    "MessageTemplate",
    "Notice",
    "OpeningHours",
    "Outbox",
    "Partner",
    "PartnerCustomer",
    "PartnerVenue",
    "Payment",
    "PaymentSettings",
    "ProviderEvent",
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
