from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Babel

from ocpp_server.services.errors import Invalid
from portal.wording import at_field, said

TOO_LONG = Invalid("name", "A name has %(most)s visible characters at most.", most=100)


def speaking(language: str, folder: Path) -> Flask:
    app = Flask("portal")
    Babel(app, default_locale=language, default_translation_directories=str(folder))
    return app


def test_a_refusal_is_said_in_the_viewers_language(tmp_path):
    catalog = Catalog("de")
    catalog.add(TOO_LONG.template, "Ein Name hat höchstens %(most)s sichtbare Zeichen.")
    (tmp_path / "de/LC_MESSAGES").mkdir(parents=True)
    with (tmp_path / "de/LC_MESSAGES/messages.mo").open("wb") as file:
        write_mo(file, catalog)
    with speaking("de", tmp_path).test_request_context():
        assert said(TOO_LONG) == "Ein Name hat höchstens 100 sichtbare Zeichen."


def test_a_refusal_without_a_translation_is_said_in_english_at_its_field(tmp_path):
    with speaking("en", tmp_path).test_request_context():
        assert at_field(TOO_LONG) == {"name": "A name has 100 visible characters at most."}
        assert said(Invalid("share", "100 % at most.")) == "100 % at most."
