"""How fast, in how much memory, beside others; nothing of the package depends on this folder."""
