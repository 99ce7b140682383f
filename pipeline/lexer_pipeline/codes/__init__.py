"""What each code means that a person may read: with an example, what to do, and where its rule comes from."""
