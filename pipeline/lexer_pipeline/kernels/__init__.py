"""Compiled loops over bytes, their slower equals in plain Python, and the one table of their codes."""
