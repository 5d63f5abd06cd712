"""Room: what a kitchen offers: sections, dishes, and when they can be chosen."""
