"""Model endpoints: embeddings, reranker, language model, and the errors every layer can raise.

The lowest layer: it imports nothing of `rag`, `ingest` or `app`.
"""
