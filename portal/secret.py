"""How the session cookie is signed and sent."""

from datetime import timedelta

from flask import Flask

from ocpp_server.secret_key import secret_key
from ocpp_server.settings import Settings


def init(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=secret_key(settings.data_dir),
        SESSION_COOKIE_NAME="chargeyard",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=app.config["MAX_CONTENT_LENGTH"] or 16 * 1024 * 1024,
    )
