"""Addresses that carry a right in themselves, made safe for records: `ftp://user:password@host`, `/files/<token>`,
`?X-Amz-Signature=…`."""

import re

#: The password of an address, and the token of a link (services/file/file_links.py).
_PASSWORD = re.compile(r"(://[^/\s:@\"]*:)[^/\s@\"]+@")
_TOKEN = re.compile(r"(/files/)[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])")
#: A parameter of an address, and what the names of those have that open something: tokens, keys, and what signs
#: the addresses of stores like S3, Azure's (`sig`) and Google's.
_PARAMETER = re.compile(r"([?&])([\w.%~-]{1,80})=([^&#\s\"\\]+)")
_OPENS = re.compile(
    r"passw|pwd|secret|credential|token|signature|(api|access)[._-]?key|^(sig|key|auth|code)$", re.IGNORECASE
)


def hide(text: str) -> str:
    """The text with what opens anything replaced."""
    if "://" not in text:
        return text
    text = _TOKEN.sub(r"\1********", _PASSWORD.sub(r"\1********@", text))
    return _PARAMETER.sub(_parameter, text)


def _parameter(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}=********" if _OPENS.search(match[2]) else match[0]
