"""What passes between the stages: rows, cells and documents as read, records as grouped, and what became of them."""
