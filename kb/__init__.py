"""The knowledge base: documents, passages, the indexes over them and search."""
