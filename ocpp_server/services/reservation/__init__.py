"""Connectors held for a card."""
