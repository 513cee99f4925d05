"""The figures as plots, in SVG."""

from pathlib import Path

from tests.bench.drive import Load
from tests.bench.results import Results
from tests.bench.targets import ASYNCIO, BARE, NAMES, POSTGRES, SQLITE

_COLOURS = {SQLITE: "#1f6feb", POSTGRES: "#8250df", BARE: "#8c959f", ASYNCIO: "#bf8700"}
_SHARES = ("p50", "p95", "p99")


def draw(results: Results, folder: Path) -> list[Path]:
    """Throughput over the number of stations, and the times of each open loop. The files that were made."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "chargeyard"
    drawn = [_throughput(results, folder)] if results.loads("closed") else []
    return drawn + [_times(results, load, folder) for load in results.loads("open")]


def _throughput(results: Results, folder: Path) -> Path:
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    loads = results.loads("closed")
    for axes, name, title in (
        (left, "calls_per_second", "Calls answered a second"),
        (right, "server_us_per_call", "Server processor time for each call, µs"),
    ):
        for kind in dict.fromkeys(kind for load in loads for kind in results.kinds(load)):
            values = [results.median(load, kind, name) for load in loads]
            axes.plot([load.stations for load in loads], values, marker="o", color=_COLOURS[kind], label=NAMES[kind])
        axes.set(title=title, xlabel="stations, closed loop", xscale="log", ylim=(0, None))
        axes.set_xticks([load.stations for load in loads], [f"{load.stations:,}" for load in loads])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    left.legend(fontsize="small")
    return _save(figure, folder / "throughput.svg")


def _times(results: Results, load: Load, folder: Path) -> Path:
    from matplotlib import pyplot

    actions = results.actions(load)
    figure, panels = pyplot.subplots(1, len(_SHARES), figsize=(11, 3.8), sharey=True, layout="constrained")
    kinds = results.kinds(load)
    height = 0.8 / len(kinds)
    for axes, share in zip(panels, _SHARES, strict=True):
        for index, kind in enumerate(kinds):
            values = [results.median(load, kind, "actions", action, share) or 0 for action in actions]
            places = [place + index * height for place in range(len(actions))]
            axes.barh(places, values, height, color=_COLOURS[kind], label=NAMES[kind])
        axes.set(title=share, xlabel="ms to the answer")
        axes.set_yticks([place + 0.4 - height / 2 for place in range(len(actions))], actions)
        axes.grid(alpha=0.3, axis="x")
    panels[0].invert_yaxis()
    panels[-1].legend(fontsize="small")
    figure.suptitle(f"A yard of {load.stations:,} charging stations")
    return _save(figure, folder / f"times-{load.stations}.svg")


def _save(figure: object, path: Path) -> Path:
    figure.savefig(path, metadata={"Date": None})  # type: ignore[attr-defined]
    return path
