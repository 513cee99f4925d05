"""Charge points, their connectors and their passwords."""
