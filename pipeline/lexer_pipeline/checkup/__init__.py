"""What is set up on this machine and what is not: looked at without creating or changing anything."""
