"""Runs where nobody looks on: jobs of `pipeline.toml`, which files they mean, and who is told how they ended."""
