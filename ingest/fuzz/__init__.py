"""Damaged files, thousands of them, each held to a stated outcome."""
