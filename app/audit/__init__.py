"""Room: everything anyone did, to read, to take along, and to prove."""
