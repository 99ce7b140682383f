"""A chunk is accepted or rejected by its specification, and what is accepted becomes NDJSON."""
