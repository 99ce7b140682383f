"""Two exports or batches beside each other: what is new, changed, unchanged and gone."""
