"""Room: source websites, the unit of access."""
