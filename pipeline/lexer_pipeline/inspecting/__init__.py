"""What a file is, what it could become, and a mapping drafted for it."""
