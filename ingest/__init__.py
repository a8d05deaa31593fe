"""From a file to a document with passages: reading, cleaning, structure, metadata."""
