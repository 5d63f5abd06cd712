"""Room: the day of a restaurant: sittings, covers, and what the kitchen prepares."""
