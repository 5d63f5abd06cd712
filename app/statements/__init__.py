"""Room: what partners bring, and what is owed because of it."""
