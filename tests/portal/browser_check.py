"""Drives a real browser over the portal; a process of its own, because Playwright and gevent do not mix.

Prints what it found as JSON: `problems` (what a page logged, axe's findings), `live` (whether the page followed
a change), `boosted` (whether a link was followed without loading the page anew).
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PATHS = (
    "/",
    "/stations",
    "/stations/add",
    "/stations/1",
    "/stations/1/messages",
    "/stations/1/edit",
    "/stations/1/commands",
    "/stations/1/commands/RemoteStartTransaction",
    "/stations/1/charging",
    "/stations/1/commands/SetChargingProfile",
    "/charging",
    "/charging/templates/new",
    "/stations/1/configuration",
    "/stations/1/configuration/history",
    "/stations/1/configuration/new-key",
    "/configuration/compare",
    "/configuration/templates",
    "/configuration/templates/new",
    "/stations/1/local-list",
    "/stations/1/commands/SendLocalList",
    "/cards/lists",
    "/cards/1/lists",
    "/batches",
    "/stations/1/connect",
    "/stations/1/delete",
    "/inbox",
    "/inbox/stations/1/password",
    "/inbox/stations/1/no-password",
    "/cards/add",
    "/cards/enrol",
    "/cards/why?id_tag=CARD-1",
    "/sites",
    "/sites/new",
    "/sites/1",
    "/sites/1/edit",
    "/sites/1/connectors",
    "/profile",
    "/settings/operators",
    "/settings/operators/add",
    "/sessions",
    "/cards",
    "/reservations",
    "/reservations/list",
    "/reservations/1",
    "/reservations/add",
    "/reservations/calendars",
    "/firmware",
    "/firmware/images/add",
    "/firmware/received",
    "/firmware/received/1",
    "/firmware/jobs/new",
    "/firmware/jobs/1",
    "/stations/1/firmware",
    "/firmware/transfers",
    "/firmware/diagnostics",
    "/settings/audit",
    "/settings/storage",
    "/settings/tokens",
)
#: Limits of circuits are preset, and are not to be saved unseen.
HIDDEN_LIMITS = """[...document.querySelectorAll(".site-circuits [name=limit]")]
  .filter(field => field.getBoundingClientRect().right > innerWidth).map(field => field.ariaLabel)"""
RUN_AXE = """axe.run({resultTypes: ["violations"]}).then(found => JSON.stringify(found.violations
  .map(violation => `${violation.id}: ${violation.nodes[0].html}`)))"""


def main(base: str, email: str, password: str, change: str) -> None:
    found: dict = {"problems": [], "live": False, "boosted": False}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for theme, width in (("light", 1280), ("dark", 390)):
            context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
            page = context.new_page()
            page.on("console", lambda message: message.type == "error" and found["problems"].append(message.text))
            page.on("pageerror", lambda error: found["problems"].append(str(error)))
            log_in(page, base, email, password)
            for path in PATHS:
                page.goto(base + path)
                found["problems"] += [f"{theme} {path} {problem}" for problem in inspect(page, width)]
        found["boosted"] = follows_links(page, base)
        found["live"] = follows_changes(page, base, change)
        browser.close()
    print(json.dumps(found))  # noqa: T201


def log_in(page: Page, base: str, email: str, password: str) -> None:
    page.goto(f"{base}/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{base}/")


def inspect(page: Page, width: int) -> list[str]:
    """axe runs in a world of its own: the policy of the page lets no foreign script in, which is as it should be."""
    session = page.context.new_cdp_session(page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": AXE.read_text(), "contextId": world})
    answer = session.send(
        "Runtime.evaluate",
        {"expression": RUN_AXE, "contextId": world, "awaitPromise": True, "returnByValue": True},
    )
    problems = json.loads(answer["result"]["value"])
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        problems.append(f"is wider than {width} pixels")
    problems += [f"hides {name} beside the screen" for name in page.evaluate(HIDDEN_LIMITS)]
    return problems


def follows_links(page: Page, base: str) -> bool:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{base}/")
    page.evaluate("window.sameDocument = true")
    page.click(".yard-nav a[href='/stations']")
    page.wait_for_url(f"{base}/stations")
    return bool(page.evaluate("window.sameDocument"))


def follows_changes(page: Page, base: str, change: str) -> bool:
    """Another tab renames the station; this one must show it long before its fallback of 30 s."""
    page.goto(f"{base}/stations")
    page.wait_for_selector("#live-state[data-state=live]")
    other = page.context.new_page()
    other.goto(f"{base}/stations/1/edit")
    other.fill("#label", change)
    other.click("button[type=submit] >> text=Save")
    page.get_by_text(change).wait_for(timeout=20_000)
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
