"""Room: how customers sign in with their phone: one-time codes, devices, tokens."""
