"""Bench: suites over many clips, with intervals."""
