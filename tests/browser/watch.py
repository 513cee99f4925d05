"""An operator's browser, in a process of its own: Playwright and gevent do not mix.

`python watch.py BASE EMAIL PASSWORD [without-scripts]` logs in and obeys its standard input, one answer to each line:

* `open /path` loads a page, `look again` loads it once more,
* `press NAME` clicks the button or link of that name, `fill SELECTOR=>TEXT` types, `check SELECTOR` chooses,
* `choose SELECTOR=>PATH` picks a file to send, `pick SELECTOR=>TEXT` an entry of a list,
* `see words` waits until the words stand on the page, without loading it again,
* `drag SELECTOR=>X,Y>X,Y` pulls the pointer across an element, from one part of its width and height to another,
* `pixels SELECTOR` tells how many pixels of the first such canvas are drawn,
* `save NAME=>FILE` clicks that button and keeps the file that comes,
* `shot FILE` takes a picture.

An answer is `ok`, or what went wrong.
"""

import sys
from collections.abc import Iterator

from playwright.sync_api import Error, Page, sync_playwright

SEE_MS = 25_000
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DRAWN = """(selector) => {
  const canvas = document.querySelector(selector);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""


def main(base: str, email: str, password: str, scripts: str = "") -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, java_script_enabled=not scripts)
        page.set_default_timeout(SEE_MS)
        page.goto(f"{base}/login")
        page.fill("#email", email)
        page.fill("#password", password)
        page.click("button[type=submit]")
        page.wait_for_url(f"{base}/")
        for answer in obey(page, base, live=not scripts):
            print(answer, flush=True)  # noqa: T201 - this is how it speaks
        browser.close()


def obey(page: Page, base: str, live: bool) -> Iterator[str]:
    yield "ok"
    for line in sys.stdin:
        order, _, words = line.rstrip("\n").partition(" ")
        try:
            answer = do(page, base, order, words)
            if live and order in ("open", "look"):
                page.wait_for_selector("#live-state[data-state=live]")
            yield answer
        except Error as error:
            yield f"{order} {words}: {error.message.splitlines()[0]}; the page says {page.inner_text('main')!r}"


def do(page: Page, base: str, order: str, words: str) -> str:
    if order == "open":
        page.goto(base + words)
    elif order == "save":
        name, _, path = words.partition("=>")
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(path)
    elif order == "look":
        page.reload()
    elif order == "press":
        button, link = (
            page.get_by_role("button", name=words, exact=True),
            page.get_by_role("link", name=words, exact=True),
        )
        button.or_(link).locator("visible=true").last.click()
    elif order == "fill":
        selector, _, text = words.partition("=>")
        page.locator(selector).last.fill(text)
    elif order == "check":
        page.locator(words).last.check()
    elif order == "choose":
        selector, _, path = words.partition("=>")
        page.locator(selector).set_input_files(path)
    elif order == "pick":
        selector, _, text = words.partition("=>")
        page.locator(selector).select_option(label=text)
    elif order == "see":
        page.get_by_text(words).locator("visible=true").first.wait_for()
    elif order == "drag":
        drag(page, *words.split("=>"))
    elif order == "pixels":
        page.wait_for_selector(words)
        return str(page.evaluate(DRAWN, words))
    elif order == "shot":
        page.screenshot(path=words)
    return "ok"


def drag(page: Page, selector: str, way: str) -> None:
    box = page.locator(selector).bounding_box() or {}
    points = [[float(part) for part in point.split(",")] for point in way.split(">")]
    begin, end = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


if __name__ == "__main__":
    main(*sys.argv[1:])
