"""The permission, the PUT, and what follows each answer."""
