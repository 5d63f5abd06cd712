"""Measurements: each a ratio against a raw baseline in the same run. See docs/performance.md."""
