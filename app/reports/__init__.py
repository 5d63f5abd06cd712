"""Room: what came from where, what it brought, and what is owed for it."""
