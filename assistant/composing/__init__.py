"""Writing an answer from hits: verbatim sentences, or a language model's words over the same numbered sources."""
