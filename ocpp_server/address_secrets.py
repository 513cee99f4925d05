"""Addresses that carry a right in themselves, made safe for records: `ftp://user:password@host`, `/files/<token>`."""

import re

#: The password of an address, and the token of a link (services/file/file_links.py).
_PASSWORD = re.compile(r"(://[^/\s:@\"]*:)[^/\s@\"]+@")
_TOKEN = re.compile(r"(/files/)[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])")


def hide(text: str) -> str:
    """The text with what opens anything replaced."""
    if "://" not in text:
        return text
    return _TOKEN.sub(r"\1********", _PASSWORD.sub(r"\1********@", text))
