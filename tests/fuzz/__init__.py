"""Hostile peers against the real hub and the real guest, with seeds that are always the same."""
