"""Room: bookings. The one way in: every change goes through `actions`."""
