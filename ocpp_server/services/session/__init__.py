"""Charging sessions: their course, their energy, their repair."""
