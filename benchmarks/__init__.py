"""Figures of time and memory, from real programs on this machine."""
