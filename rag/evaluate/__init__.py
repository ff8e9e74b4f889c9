"""Measuring answers against question sets: `python -m rag.evaluate run FOLDER`."""
