"""What is looked up in the message log."""
