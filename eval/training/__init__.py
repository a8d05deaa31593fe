"""Training what ships with the project: the embedding model and the ranking."""
