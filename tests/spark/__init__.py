"""What runs on Spark comes to what it does on one machine."""
