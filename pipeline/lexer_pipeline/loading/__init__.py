"""Bytes of any origin become chunks of whole records, in constant memory."""
