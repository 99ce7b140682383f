"""What this project is built and tested with: pinned lists, their licences, and whether anything in them is known to be unsafe."""
