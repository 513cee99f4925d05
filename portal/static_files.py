"""Addresses of static files that change with the file, so that browsers may keep them for ever."""

from pathlib import Path

from flask import current_app, url_for


def asset(filename: str) -> str:
    """The address of a file in `static/`, with its version."""
    path = Path(current_app.static_folder or "") / filename
    version = f"{path.stat().st_mtime_ns:x}" if path.is_file() else None
    return url_for("static", filename=filename, v=version)
