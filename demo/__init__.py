"""The demo installation: fictional businesses, guests and bookings, and one real source website."""
