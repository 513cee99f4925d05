"""Cards: who may charge, and how that changes."""
