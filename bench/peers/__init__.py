"""The others, each in a process of its own: a module a library, a function `(source, target)` a way of use."""
