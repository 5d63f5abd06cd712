"""Room: signed webhooks to the source websites."""
