"""Every table, in one import: for migrations and for whoever needs all of them mapped."""

from app.alerts.models import Alert, CallMinute
from app.api.models import Receipt
from app.apikeys.models import ApiKey
from app.audit.models import Seal
from app.bookings.models import Booking
from app.customers.models import Customer, CustomerMerge
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.models import Event, Outbox
from app.legacy.models import ImportedRow, ImportRun
from app.menus.models import BookingItem, MenuItem, MenuSection
from app.messaging.models import Message, MessageSettings, MessageTemplate, Notice
from app.partners.models import Partner, PartnerCustomer, PartnerVenue
from app.payments.models import Payment, PaymentSettings, ProviderEvent
from app.platforms.models import PlatformConnection, PlatformReservation
from app.reports.models import BookingDay
from app.schedule.models import ScheduledRun
from app.selfservice.models import ChangeRequest
from app.signin.models import CustomerDevice, OtpChallenge, RefreshToken
from app.staff.models import (
    LoginAttempt,
    LoginLink,
    Membership,
    RecoveryCode,
    Role,
    User,
    UserSession,
)
from app.travelers.models import BookingTraveler, Traveler
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
from app.waiting.models import WaitingEntry
from app.websites.models import Website

__all__ = [
    "Activity",
    "ActivityPrice",
    "Alert",
    "ApiKey",
    "Booking",
    "BookingDay",
    "BookingItem",
    "BookingTraveler",
    "CallMinute",
    "ChangeRequest",
    "Customer",
    "CustomerDevice",
    "CustomerMerge",
    "Delivery",
    "Departure",
    "Destination",
    "DiveSite",
    "Event",
    "ImportRun",
    "ImportedRow",
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
    "OtpChallenge",
    "Outbox",
    "Partner",
    "PartnerCustomer",
    "PartnerVenue",
    "Payment",
    "PaymentSettings",
    "PlatformConnection",
    "PlatformReservation",
    "ProviderEvent",
    "Receipt",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "ScheduledRun",
    "Seal",
    "SlotClosure",
    "SlotUsage",
    "SpecialHours",
    "SyncLog",
    "Traveler",
    "User",
    "UserSession",
    "Venue",
    "WaitingEntry",
    "Website",
]
