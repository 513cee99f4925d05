"""Files that charge points fetch and bring."""
