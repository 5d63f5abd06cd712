"""Room: the person behind the bookings. What is held about them, taking it along, forgetting it."""
