"""The simulated day as pictures for the docs: small PNGs."""

from pathlib import Path

from tests.site_simulation.day import EPOCH, Plan
from tests.site_simulation.live import Outcome
from tests.site_simulation.record import Record

_LIMIT, _ALLOTTED, _PHASES, _CARS = "#d63939", "#1f6feb", ("#7a4a12", "#3d4654", "#9aa4b0"), "#2b8a3e"


def day(plan: Plan, record: Record, path: Path) -> None:
    """Limit, allotted and measured over the day, and below it how many cars were there."""
    pyplot = _pyplot()
    hours = [(sample[0] - EPOCH) / 3600 for sample in record.samples]
    figure, (upper, lower) = pyplot.subplots(
        2, 1, figsize=(10, 5), sharex=True, layout="constrained", height_ratios=(4, 1)
    )
    allotted = [max(sample[2]) if sample[4] else None for sample in record.samples]
    upper.axhline(plan.limit_a, color=_LIMIT, linestyle="--", label="limit")
    upper.step(hours, [value if value is not None else float("nan") for value in allotted], color=_ALLOTTED, lw=1.2,
               where="post", label="allotted, highest phase")  # fmt: skip
    for phase, colour in enumerate(_PHASES):
        values = [sample[1][phase] for sample in record.samples]
        upper.plot(hours, values, color=colour, lw=0.8, label=f"measured L{phase + 1}")
    upper.set(ylabel="A", ylim=(0, plan.limit_a * 1.12), title=f"{plan.posts} connectors on a connection for 12")
    _mark_killed(upper, plan.killed)
    upper.legend(fontsize="small", ncols=5, loc="lower center")
    lower.fill_between(hours, [sample[3] for sample in record.samples], color=_CARS, alpha=0.4, lw=0)
    lower.set(ylabel="cars", xlabel="hour of the day", xlim=(hours[0], hours[-1]), ylim=(0, plan.posts))
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
    _save(figure, path)


def live(outcome: Outcome, limit: float, killed_at: float, path: Path) -> None:
    """Each second of the real server's end."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(10, 3), layout="constrained")
    minutes = [at / 60 for at, _, _ in outcome.samples]
    axes.axhline(limit, color=_LIMIT, linestyle="--", label="limit")
    for phase, colour in enumerate(_PHASES):
        values = [sums[phase] for _, sums, _ in outcome.samples]
        axes.plot(minutes, values, color=colour, lw=1, label=f"measured L{phase + 1}")
    axes.set(ylabel="A", xlabel="minutes", ylim=(0, limit * 1.12), xlim=(0, minutes[-1]))
    _mark_killed(axes, (killed_at / 60, minutes[-1]))
    axes.legend(fontsize="small", ncols=4, loc="lower center")
    axes.grid(alpha=0.3)
    _save(figure, path)


def _mark_killed(axes, killed: tuple[float, float] | None) -> None:
    if killed is not None:
        axes.axvspan(*killed, color="#d63939", alpha=0.08, lw=0)
        axes.text(killed[0], axes.get_ylim()[1] * 0.4, " server killed", color="#a32a2a", fontsize="small")


def _pyplot():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    return pyplot


def _save(figure, path: Path) -> None:
    figure.savefig(path, dpi=90, metadata={"Software": None})
    print(f"{path} written")
