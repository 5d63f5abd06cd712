"""Room: API keys of websites and partners."""
