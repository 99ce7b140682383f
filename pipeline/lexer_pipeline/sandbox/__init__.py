"""The vendor's upload API on this machine: the front, a real S3 store behind it, and faults on order."""
