"""One reader per file format; `read` chooses by content and suffix."""
