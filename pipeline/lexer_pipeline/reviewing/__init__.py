"""A page in the browser on which a person maps an export, mends what was rejected, and prepares a batch."""
