"""Room: what guests do with their booking by its link, without an account."""
