"""From a question to a cited answer, and the ways people reach it: page and command line."""
