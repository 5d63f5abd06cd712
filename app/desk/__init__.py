"""Room: the desk itself: what frames every page, and Today."""
