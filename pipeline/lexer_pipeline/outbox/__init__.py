"""The folder of prepared batches, the ledger and the names: preparing fills it, uploading empties it."""
