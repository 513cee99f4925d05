"""Measures the product as shipped beside its yardsticks: `python -m tests.bench [--long]`, or `make bench`."""

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import files, growth, kill, machine, plan, plots, readme, report
from tests.bench.drive import drive
from tests.bench.results import Results
from tests.bench.targets import NAMES, OURS, POSTGRES, ROOT, SQLITE, Workshop, has_postgresql

SHORT, RECORD = ROOT / "build" / "bench", ROOT / "docs" / "bench"


def main() -> None:
    # Asked to end, it still stops its servers and drops its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    arguments = _arguments()
    modes = tuple(arguments.only.split(","))
    engines = tuple(arguments.engines.split(","))
    if POSTGRES in engines and not has_postgresql():
        print("PostgreSQL does not answer and is left out.")
        engines = (SQLITE,)
    if "kill" in modes:
        raise SystemExit(kill.run(engines, arguments.times, arguments.port))
    if "files" in modes:
        _tell("files", "Large files", files.run(arguments.port, arguments.megabytes, arguments.rounds or 3), arguments)
        return
    if "growth" in modes:
        rounds = arguments.rounds or 3
        page = growth.run(engines, arguments.port, arguments.meter_values, arguments.frames, rounds)
        _tell("growth", "A large database", page, arguments)
        return
    measure(plan.steps(arguments.long, modes, engines), arguments)


def _tell(name: str, title: str, page: str, arguments: argparse.Namespace) -> None:
    """Print a page, and keep it where it is for the record."""
    print(page)
    if arguments.long:
        facts = report.table(("Machine", ""), machine.describe(RECORD).items())
        (RECORD / f"{name}.md").write_text(f"# {title}\n\n{facts}\n\n{page.strip()}\n")


def measure(steps: list[plan.Step], arguments: argparse.Namespace) -> None:
    """Run all rounds, then write the page, the plots and the raw figures."""
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    rounds = arguments.rounds or (3 if arguments.long else 1)
    results = Results()
    facts = machine.describe(folder)
    most = plan.most_stations(steps)
    with tempfile.TemporaryDirectory(dir=folder) as work, Workshop(Path(work), arguments.port, most) as workshop:
        for number in range(1, rounds + 1):
            for step in steps:
                for kind in step.kinds:
                    _once(workshop, step, kind, results, f"round {number}/{rounds}")
    _write(folder, results, facts, rounds)
    if arguments.long:
        readme.update(ROOT / "README.md", results, facts)
    if results.failed:
        raise SystemExit(f"{len(results.failed)} measurements failed: {', '.join(results.failed)}")


def _once(workshop: Workshop, step: plan.Step, kind: str, results: Results, where: str) -> None:
    begin = time.monotonic()
    try:
        with workshop.running(kind) as target:
            figures = drive(target, step.load)
    except RuntimeError as error:
        # The others of a long run are worth having all the same.
        print(f"{where}  {step.load.name:12}  {NAMES[kind]:24} failed: {error}", flush=True)
        results.failed.append(f"{step.load.name} {NAMES[kind]}")
        return
    results.add(step.load, kind, figures)
    told = {"idle": "bytes_per_station", "storm": "seconds"}.get(step.load.mode, "calls_per_second")
    took = time.monotonic() - begin
    print(f"{where}  {step.load.name:12}  {NAMES[kind]:24} {told} {figures[told]:,}  ({took:.0f} s)", flush=True)


def _write(folder: Path, results: Results, facts: dict[str, str], rounds: int) -> None:
    page = report.markdown(results, facts, rounds)
    drawn = plots.draw(results, folder)
    page += "".join(f"\n![{path.stem}]({path.name})\n" for path in drawn)
    (folder / "README.md").write_text(page)
    (folder / "figures.json").write_text(json.dumps({"machine": facts, "figures": results.as_json()}, indent=1))
    print(f"\n{page}\nWritten to {folder / 'README.md'}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="for the record, into docs/bench; three rounds, all sizes")
    parser.add_argument(
        "--only", default=",".join(plan.MODES), help="of closed,open,storm,idle; or kill; growth; files"
    )
    parser.add_argument("--engines", default="", help=f"of {','.join(OURS)}; the short form takes SQLite")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--times", type=int, default=3, help="how often to kill, on each engine")
    parser.add_argument("--meter-values", type=int, default=10_000_000, help="of the large database, for growth")
    parser.add_argument("--frames", type=int, default=5_000_000, help="of the large database, for growth")
    parser.add_argument("--megabytes", type=int, default=200, help="of each transfer, for files")
    parser.add_argument("--port", type=int, default=8170)
    parser.add_argument("--output", default="", help="folder of the page and the plots")
    arguments = parser.parse_args()
    everything = arguments.long or arguments.only in {"kill", "growth"}
    arguments.engines = arguments.engines or ",".join(OURS if everything else (SQLITE,))
    arguments.output = arguments.output or str(RECORD if arguments.long else SHORT)
    return arguments


if __name__ == "__main__":
    main()
