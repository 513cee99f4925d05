"""How long the pages take, to someone who is logged in."""

import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.bench.prepare_facts import EMAIL, PASSWORD

#: Every kind of page that reads what grows.
PAGES = (
    "/",
    "/stations",
    "/stations?q=BENCH-00017",
    "/stations/1",
    "/stations/1/messages",
    "/stations/1/messages?q=MeterValues",
    "/sessions",
    "/sessions?state=running",
    "/sessions?state=flagged",
    "/sessions?q=CARD00017",
    "/sessions?sort=-energy",
    "/sessions?station=7",
    "/sessions?page=2",
    "/sessions/5",
    "/sessions/5/plot.json",
    "/cards",
    "/inbox",
    "/settings/storage",
    "/metrics",
    "/healthz",
)
_TIMES = 7


def measure(port: int) -> dict[str, float]:
    """The fastest of some fetches of each page, in ms: what a busy machine adds to the others is not the page's."""
    browser = _log_in(f"http://127.0.0.1:{port}")
    return {path: _fastest_ms(browser, f"http://127.0.0.1:{port}{path}") for path in PAGES}


def _log_in(address: str) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("Origin", address)]
    form = urllib.parse.urlencode({"email": EMAIL, "password": PASSWORD}).encode()
    with browser.open(f"{address}/login", form, timeout=30) as answer:
        if answer.url.endswith("/login"):
            raise RuntimeError("the portal did not let the measurement log in")
    return browser


def _fastest_ms(browser: urllib.request.OpenerDirector, url: str) -> float:
    took = []
    for _ in range(_TIMES + 1):
        begin = time.perf_counter()
        with browser.open(url, timeout=120) as answer:
            answer.read()
        took.append((time.perf_counter() - begin) * 1000)
    return min(took[1:])
