"""The quality report of a content, made before it is searchable."""
