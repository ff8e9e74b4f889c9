"""Renderers of the sample organisation: Markdown sources to office formats. Build time only."""
