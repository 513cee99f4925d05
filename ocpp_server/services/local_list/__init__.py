"""The cards that charge points know by themselves."""
