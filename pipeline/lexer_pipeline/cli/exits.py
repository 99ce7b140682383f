"""How a command may end, beside the exit codes of the exceptions (errors.py)."""

DONE = 0
# Records that are not valid, or a batch that is held back.
DATA = 1
DEFECT = 70
INTERRUPTED = 130
