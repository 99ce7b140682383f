"""A page in the browser on which a person maps an export, fixes what was rejected, and prepares a batch."""
