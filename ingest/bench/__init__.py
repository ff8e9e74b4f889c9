"""Benches: how fast documents go in, and how well they are read and cut."""
