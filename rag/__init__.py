"""From a question to an answer with proof: store, retrieval, answering, verification, traces."""
