"""The files of an export and their columns: what each may be called, and which there must be."""

from __future__ import annotations

from app.tabular.columns import File

_EMERGENCY = {
    "emergency_contact_name": ("emergency_contact", "emergency_name"),
    "emergency_contact_phone": ("emergency_phone", "emergency_number"),
}
USERS = File(
    "user",
    "users.csv",
    {
        "id": ("user_id",),
        "role": ("user_role", "type"),
        "name": ("full_name",),
        "first_name": (),
        "last_name": (),
        "email": ("email_address",),
        "phone": ("mobile", "phone_number", "mobile_number"),
        "country_code": ("phone_country_code",),
        "created_at": ("registered_at",),
    },
    (("id",), ("role",), ("name", "first_name"), ("phone", "email")),
)
BOOKINGS = File(
    "booking",
    "bookings.csv",
    {
        "id": ("booking_id",),
        "reference": ("booking_reference", "booking_ref", "booking_number"),
        "user_id": ("customer_id",),
        "trek_id": (),
        "trek_name": ("trek", "package_name"),
        "location": ("venue",),
        "batch_id": (),
        "start_date": ("batch_date", "trek_date", "activity_date", "date"),
        "start_time": ("time_slot", "time"),
        "status": ("booking_status",),
        "total_participants": ("total_travelers", "participants", "guest_count"),
        "total_amount": ("amount", "total_price"),
        "price_per_person": ("package_price",),
        "discount_amount": ("discount",),
        "refunded_amount": ("refund_amount",),
        "currency": (),
        "payment_status": (),
        "source": ("booking_source",),
        "customer_name": ("contact_name",),
        "customer_phone": ("contact_phone", "phone"),
        "customer_email": ("contact_email", "email"),
        "special_requests": ("special_requirements",),
        "notes": ("admin_notes",),
        "cancellation_reason": (),
        "created_at": ("booked_at", "booking_date"),
        "confirmed_at": (),
        "cancelled_at": ("canceled_at",),
        "checked_in_at": (),
        "updated_at": (),
    },
    (
        ("id",),
        ("trek_name", "trek_id", "batch_id"),
        ("start_date", "batch_id"),
        ("status",),
        ("total_amount",),
    ),
)
PARTICIPANTS = File(
    "participant",
    "booking_participants.csv",
    {
        "id": ("participant_id",),
        "booking_id": (),
        "name": ("full_name",),
        "age": (),
        "birth_date": ("date_of_birth", "dob"),
        "gender": ("sex",),
        "phone": ("mobile", "contact_number"),
        **_EMERGENCY,
        "special_requirements": ("special_requests", "dietary_requirements"),
        "medical_notes": ("medical_conditions", "medical_info", "health_conditions"),
        "is_primary": ("is_primary_contact", "primary"),
        "price": (),
        "created_at": (),
    },
    (("id",), ("booking_id",), ("name",)),
)
TREKS = File(
    "trek", "treks.csv", {"id": ("trek_id",), "name": ("trek_name", "title")}, (("id",), ("name",))
)
BATCHES = File(
    "batch",
    "batches.csv",
    {
        "id": ("batch_id",),
        "trek_id": (),
        "start_date": ("batch_date", "date"),
        "start_time": ("time",),
    },
    (("id",), ("start_date",)),
)
