"""What charge points are set to."""
