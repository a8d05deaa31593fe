"""Measurements that anyone can run again: `python -m eval --help`."""
