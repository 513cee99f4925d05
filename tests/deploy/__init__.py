"""Checks of deploy/: each runs the tool that reads the file, or the thing itself."""
