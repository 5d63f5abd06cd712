"""Room: people of the desk: users, sessions, roles, permissions and the scope of a query."""
