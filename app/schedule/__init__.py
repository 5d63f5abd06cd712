"""Room: work that comes due by itself, done once however many workers there are."""
