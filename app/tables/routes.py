"""Pages of the tables and the kitchen (in work)."""
