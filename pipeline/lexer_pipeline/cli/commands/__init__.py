"""The commands: each a module with `run(asked) -> exit code`, imported when it is asked for (arguments.py has its flags).

So a command imports what it calls at its top, and `--help` and small files stay instant.
"""
