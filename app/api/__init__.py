"""Room: the JSON doors. They translate; the rooms below decide."""
