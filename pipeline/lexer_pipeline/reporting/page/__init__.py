"""The page as one document: its template and its style."""
