"""How long the pages take, to someone who is logged in, and how long a station waits for an answer meanwhile."""

import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar

import simple_websocket

from tests.bench.prepare_facts import EMAIL, PASSWORD
from tests.bench.scenarios import identity

_SORTS = ("started", "station", "card", "energy", "duration")
#: Every kind of page that reads what grows. Stations 1 to 10 have long histories.
PAGES = (
    "/",
    "/stations",
    "/stations?q=BENCH-00017",
    "/stations/1",
    "/stations/1/charging",
    "/stations/1/messages",
    *(f"/stations/1/messages?{search}" for search in ("q=MeterValues", "q=nothing", "action=Reset", "direction=out")),
    *(f"/stations/1/messages?show={what}" for what in ("errors", "odd")),
    "/stations/1/commands",
    *(f"/stations/1/commands?{search}" for search in ("state=open", "state=error", "action=Reset")),
    "/sessions",
    *(f"/sessions?state={state}" for state in ("running", "finished", "flagged")),
    *(f"/sessions?q={text}" for text in ("CARD00017", "CARD", "BENCH", "nothing")),
    *(f"/sessions?sort={order}{sort}" for sort in _SORTS for order in ("", "-")),
    "/sessions?sort=-energy&state=flagged",
    "/sessions?sort=duration&station=1",
    "/sessions?station=7",
    "/sessions?page=2",
    "/sessions?page=1000",
    "/sessions?page=1000000",
    "/sessions/5",
    "/sessions/5/plot.json",
    "/sessions/orphans",
    "/sessions.csv?q=CARD00017",
    "/cards",
    "/cards/why?id_tag=CARD00017",
    "/inbox",
    "/reservations",
    "/settings/storage",
    "/settings/audit",
    *(f"/settings/audit?{search}" for search in ("q=nothing", "topic=token", "to=2020-01-01")),
    "/metrics",
    "/healthz",
)
_TIMES = 7
#: The last of the stations says Heartbeat all the time; nobody looks at it.
_SPEAKER = 999


@dataclass(frozen=True)
class Took:
    """The fastest of some fetches, and the shortest that a station waited at most during one, in ms: what a busy
    machine adds to the others is not the page's."""

    page: float
    station: float


def measure(port: int) -> dict[str, Took]:
    """Fetch each page some times."""
    browser = _log_in(f"http://127.0.0.1:{port}")
    with _speaking(port) as speaker:
        return {path: _fetch(browser, speaker, f"http://127.0.0.1:{port}{path}") for path in PAGES}


class _Speaker(threading.Thread):
    """A station that says Heartbeat again as soon as it is answered."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        url = f"ws://127.0.0.1:{port}/ocpp/{identity(_SPEAKER)}"
        self._socket = simple_websocket.Client(url, subprotocols=["ocpp1.6"])
        self._answered = threading.Condition()
        self._ended = False
        self._longest = 0.0

    def run(self) -> None:
        while not self._ended:
            begin = time.perf_counter()
            self._socket.send('[2,"1","Heartbeat",{}]')
            self._socket.receive(timeout=120)
            with self._answered:
                self._longest = max(self._longest, (time.perf_counter() - begin) * 1000)
                self._answered.notify()

    def begin(self) -> None:
        with self._answered:
            self._longest = 0.0

    def longest_ms(self) -> float:
        """The longest that it waited since `begin`, up to the answer that comes next."""
        with self._answered:
            self._answered.wait(120)
            return self._longest

    def end(self) -> None:
        self._ended = True
        self.join()
        self._socket.close()


@contextmanager
def _speaking(port: int) -> Iterator[_Speaker]:
    speaker = _Speaker(port)
    speaker.start()
    try:
        yield speaker
    finally:
        speaker.end()


def _log_in(address: str) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("Origin", address)]
    form = urllib.parse.urlencode({"email": EMAIL, "password": PASSWORD}).encode()
    with browser.open(f"{address}/login", form, timeout=30) as answer:
        if answer.url.endswith("/login"):
            raise RuntimeError("the portal did not let the measurement log in")
    return browser


def _fetch(browser: urllib.request.OpenerDirector, speaker: _Speaker, url: str) -> Took:
    took, waited = [], []
    for _ in range(_TIMES + 1):
        speaker.begin()
        begin = time.perf_counter()
        with browser.open(url, timeout=120) as answer:
            answer.read()
        took.append((time.perf_counter() - begin) * 1000)
        waited.append(speaker.longest_ms())
    return Took(min(took[1:]), min(waited[1:]))
