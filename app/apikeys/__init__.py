"""Room: API keys of websites (and later of partners)."""
