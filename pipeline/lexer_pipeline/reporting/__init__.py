"""What was read and what became of it, for somebody who has not seen it: counts, shapes and sentences, never a value of a record."""
