"""The one place that knows htmx 4: which part of a page was asked for, and what makes a block live.

How a page is built:

* One template per page, `templates/<page>/<name>.html`, which extends `base.html` and fills `title`, `content`,
  and where useful `actions` (the buttons right of the heading) and `before` (bread crumbs above it).
* A part that is fetched on its own is a block whose only element has the block's name as its id. It also renders
  alone, so it uses nothing that was set outside it: everything comes from the view, macros are the global `ui`.

      {% block results %}
      <div id="results" {{ live("transactions") }}> … </div>
      {% endblock %}

* The view ends in `return page("sessions/index.html", "results", sessions=…)`. A page with several such blocks
  names them all; the block whose id htmx wants to replace is rendered.
* `live("a", "b")` lets the block refetch itself from the page's own address when one of these events was
  published, and every 30 s in case the live stream is blocked. `base.html` opens the one stream of the page for
  all topics that were asked for this way while it was rendered. Lists use the general topics (`charge-points`,
  `transactions`), so that a row that was not there at first is heard of too.
* Links and forms are boosted (`<body hx-boost:inherited>`): a plain `<a href>` or `<form method="post">` that ends
  in a 303 needs no attribute. A form with bad input is the whole page again with status 422. `hx-boost="false"` or
  `download` on links to files.
* Filters are a GET form with `{{ filters("#results") }}`: it searches while one types and keeps the URL in step.
* Something that needs a script: an element with `data-module="{{ asset('plot.js') }}"`; the module's default export is
  called with the element each time one appears (the policy allows no inline script and no style attribute).
"""

from flask import g, make_response, render_template, request
from jinja2_fragments.flask import render_block
from markupsafe import Markup
from werkzeug.wrappers import Response


def is_fragment() -> bool:
    """True when htmx wants a part of the page: not a boosted link, not the back button."""
    return request.headers.get("HX-Request-Type") == "partial"


def is_htmx() -> bool:
    """True when htmx asks, for a part or for the whole."""
    return request.headers.get("HX-Request") == "true"


def page(template: str, /, *blocks: str, status: int = 200, **context: object) -> Response:
    """Render one block for htmx (the one that is to be replaced, else the first) and the page for everybody else."""
    if blocks and is_fragment():
        html = render_block(template, _wanted(blocks), **context)
    else:
        html = render_template(template, **context)
    return make_response(html, status)


def _wanted(blocks: tuple[str, ...]) -> str:
    target = request.headers.get("HX-Target", "").partition("#")[2]
    return target if target in blocks else blocks[0]


def live(*topics: str, url: str = "", every: int = 30) -> Markup:
    """Attributes of an element that refetches itself when one of the topics was published.

    The throttle keeps a busy yard from redrawing a page more than once a second.
    """
    g.setdefault("live_topics", set()).update(topics)
    triggers = [f"{topic} from:#live throttle:1s" for topic in topics]
    return Markup('hx-get="{}" hx-trigger="{}" hx-target="this" hx-swap="outerMorph"').format(
        url or request.full_path.rstrip("?"), ", ".join([*triggers, f"every {every}s"])
    )


def live_topics() -> list[str]:
    """The topics that the blocks rendered so far listen to."""
    return sorted(g.get("live_topics", ()))


def filters(target: str) -> Markup:
    """Attributes of a GET form that refreshes `target` while one types or selects, with the URL in step."""
    return Markup(
        'hx-get="{}" hx-target="{}" hx-swap="outerMorph" hx-replace-url="true" '
        'hx-trigger="input changed delay:300ms, change, submit" hx-sync="this:replace"'
    ).format(request.path, target)
