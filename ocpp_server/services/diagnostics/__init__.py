"""Logs that charge points are asked for."""
