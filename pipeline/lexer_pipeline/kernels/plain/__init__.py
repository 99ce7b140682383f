"""What a kernel leaves is done here, in plain Python: it says what is meant, however long it takes."""
