"""From a file to searchable chunks: sniff, parse, chunk, embed, upsert."""
