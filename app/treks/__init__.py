"""Room: treks for the app: what is offered, and what customers do with their own bookings."""
