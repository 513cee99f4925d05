"""Sites that share a connection."""
