"""The specifications, their fields, and the paths that name a place in a record."""
