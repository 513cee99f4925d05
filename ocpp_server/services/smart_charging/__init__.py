"""Charging profiles: what is to be, what is asked, what is installed."""
