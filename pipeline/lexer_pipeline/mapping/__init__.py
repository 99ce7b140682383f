"""A mapping file understood, and put to work on an export."""
