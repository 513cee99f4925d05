"""An operator's browser, in a process of its own: Playwright and gevent do not mix.

`python watch.py BASE EMAIL PASSWORD` logs in and then obeys the lines of its standard input, one answer each:

* `open /path` loads a page,
* `see words` waits until the words stand on the page, without loading it again,
* `plot` tells how many pixels of the session's plot are drawn,
* `shot FILE` takes a picture.

An answer is `ok`, or what went wrong.
"""

import sys
from collections.abc import Iterator

from playwright.sync_api import Error, Page, sync_playwright

SEE_MS = 10_000
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DRAWN = """() => {
  const canvas = document.querySelector(".plot canvas");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""


def main(base: str, email: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{base}/login")
        page.fill("#email", email)
        page.fill("#password", password)
        page.click("button[type=submit]")
        page.wait_for_url(f"{base}/")
        for answer in obey(page, base):
            print(answer, flush=True)  # noqa: T201 - this is how it speaks
        browser.close()


def obey(page: Page, base: str) -> Iterator[str]:
    yield "ok"
    for line in sys.stdin:
        order, _, words = line.rstrip("\n").partition(" ")
        try:
            yield do(page, base, order, words)
        except Error as error:
            yield f"{order} {words}: {error.message.splitlines()[0]}; the page says {page.inner_text('main')!r}"


def do(page: Page, base: str, order: str, words: str) -> str:
    if order == "open":
        page.goto(base + words)
        page.wait_for_selector("#live-state[data-state=live]", timeout=SEE_MS)
    elif order == "see":
        page.get_by_text(words).first.wait_for(timeout=SEE_MS)
    elif order == "plot":
        page.wait_for_selector(".plot canvas", timeout=SEE_MS)
        return str(page.evaluate(DRAWN))
    elif order == "shot":
        page.screenshot(path=words)
    return "ok"


if __name__ == "__main__":
    main(*sys.argv[1:])
