"""Room: bringing in the bookings of a system that came before."""
