"""What happened and what to do about it: the words that the inbox's entries share."""

from dataclasses import dataclass

from portal.addresses import StationAddress


@dataclass(frozen=True)
class Remedy:
    """A button: a page to go to, or with `is_post` something that is done at once."""

    label: str
    url: str
    is_post: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    #: The one that most will want.
    is_main: bool = False


@dataclass(frozen=True)
class Explanation:
    """A plain sentence, what to do, and where that is not done here, the address to type into the station."""

    what: str
    advice: str
    remedies: tuple[Remedy, ...] = ()
    address: StationAddress | None = None
    note: str = ""
