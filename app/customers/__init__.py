"""Room: customers, one person over all sources."""
