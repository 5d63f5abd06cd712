"""Schemas of the JSON doors (pydantic, strict: a number is a number)."""
