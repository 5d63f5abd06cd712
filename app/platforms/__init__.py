"""Room: outside booking platforms: one interface, one module for each, both directions."""
