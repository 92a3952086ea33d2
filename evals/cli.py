"""`opsmith eval`: play suites, compare runs, record a case, predict dialogues."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from opsmith.evals.case import SCHEMA_FILE, schema_text
from opsmith.evals.loading import SUITES, load_suites
from opsmith.tools.contract import ToolError

FAILED = 5  # exit code: a check failed
_FORMS = {"json": "eval.json", "junit": "eval.xml", "markdown": "eval.md", "html": "eval.html"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `opsmith eval ...`; the exit code: 0 passed, 1 error, 2 usage, 5 a case failed or got worse."""
    given = list(sys.argv[1:] if argv is None else argv)
    commands = {"run": _run, "list": _list, "compare": _compare, "record": _record, "dialogues": _dialogues,
                "history": _history, "schema": _schema, "new": _new}  # fmt: skip
    name = given.pop(0) if given and given[0] in commands else "run"
    console = Console(highlight=False)
    try:
        return commands[name](given, console)
    except ToolError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped. `opsmith eval --resume` goes on from here.")
        return 1


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"opsmith eval {name}".rstrip(), description=description)


def _playing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suites", nargs="*", help="suite files, folders, or names of Opsmith's own suites (default: all)"
    )
    parser.add_argument("--tag", action="append", default=[], help="only cases with this tag; !TAG leaves them out")
    parser.add_argument(
        "--id", action="append", default=[], help="only cases of this id; patterns such as drift-* work"
    )
    parser.add_argument("--variants", type=int, help="at most so many variants a case")
    parser.add_argument("--epochs", type=int, default=1, help="how often each variant is played (for models)")
    parser.add_argument("--jobs", type=int, help="plays side by side (default: one a core)")
    parser.add_argument("--timeout", type=float, help="seconds for one play (default: as the case says)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base-url", default="", help="OpenAI-compatible server")
    parser.add_argument("--price", type=float, nargs=2, default=(0.0, 0.0), metavar=("IN", "OUT"),
                        help="dollars a million input and output tokens")  # fmt: skip
    parser.add_argument("--max-cost", type=float, help="stop when so many dollars are spent")


def _run(argv: list[str], console: Console) -> int:
    parser = _parser(
        "", "Play suites and judge the outcome. Others: " + "list, compare, record, dialogues, history, schema, new."
    )
    _playing(parser)
    parser.add_argument("--model", default="offline", help="planner: offline (default) or openai:NAME")
    parser.add_argument("--agent", default="", help="MODULE:FUNCTION that opens the session under test")
    parser.add_argument("--failed", action="store_true", help="only what failed in the last run")
    parser.add_argument("--resume", action="store_true", help="go on with the last run where it stopped")
    parser.add_argument("--out", type=Path, default=Path(".opsmith/evals"), help="where the record of the run is kept")
    parser.add_argument("--keep", action="store_true", help="leave the projects of the plays to look at")
    parser.add_argument("--baseline", type=Path, help="compare with this stored run; worse means exit code 5")
    parser.add_argument("--save-baseline", type=Path, help="store this run as a baseline")
    parser.add_argument("--judge", default="", help="a model that grades tone; recorded, never part of passing")
    for form, name in _FORMS.items():
        parser.add_argument(f"--{form}", nargs="?", const=name, help=f"also write {name}, or the file named")
    args = parser.parse_args(argv)

    from opsmith.evals import baseline, report, report_files, runner
    from opsmith.evals.driver import Setup
    from opsmith.evals.judging import totals

    if not args.agent:
        _check_planner(args.model, args.base_url)
    args.out.mkdir(parents=True, exist_ok=True)
    record = args.out / "last.jsonl"
    only = None
    if args.failed:
        only = frozenset(k for k, p in runner.read_plays(record).items() if not p.passed)
        if not only:
            console.print("Nothing failed in the last run.")
            return 0
    chosen = runner.Filter(args.id, args.tag, only, args.variants)
    jobs = runner.plan([Path(s) for s in args.suites] or [SUITES], chosen, args.epochs)
    if not jobs:
        raise ToolError("No case fits: look at --tag and --id. `opsmith eval list` shows what there is.")
    if not args.resume and record.exists():
        record.unlink()
    folder = str(args.out / "projects") if args.keep else ""
    setup = Setup(args.model, args.base_url, args.seed, args.agent, folder, args.keep, tuple(args.price))
    limits = runner.Limits(args.timeout, args.max_cost)
    if args.jobs:
        limits.jobs = args.jobs
    started = time.monotonic()
    with report.progress(console, len(jobs)) as told:
        plays = runner.run(jobs, setup, limits, record=record, told=told)
    if args.judge:
        _grade(plays, args.judge, args.base_url)
    sums = totals(plays)
    about = _about(args, len(jobs) - len(plays))
    report.show(console, plays, sums, wall=time.monotonic() - started)
    if len(plays) < len(jobs):
        console.print(f"{len(jobs) - len(plays)} plays were left out: the cost cap was reached.")
    baseline.add_to_history(args.out / "history.jsonl", sums, about)
    places = {form: getattr(args, form) for form in _FORMS if getattr(args, form)}
    for path in report_files.write(Path(), plays, sums, about, places, baseline.history(args.out / "history.jsonl")):
        console.print(f"wrote {path}")
    worse = False
    if args.baseline:
        difference = baseline.compare(baseline.read_run(args.baseline), plays)
        console.print(difference.sentence())
        for key in difference.broken:
            console.print(f"  worse: {key}", markup=False)
        worse = difference.regression
    if args.save_baseline:
        report_files.write(Path(), plays, sums, about, {"json": str(args.save_baseline)}, [])
        console.print(f"wrote {args.save_baseline}")
    return FAILED if worse or (sums.passed < sums.plays and not args.baseline) or sums.hard else 0


def _list(argv: list[str], console: Console) -> int:
    parser = _parser("list", "List cases: id, tags, number of plays, title.")
    parser.add_argument("suites", nargs="*")
    args = parser.parse_args(argv)
    cases = plays = 0
    for file, suite in load_suites([Path(s) for s in args.suites] or [SUITES]):
        console.print(f"[bold]{suite.suite}[/]  {file}  {suite.description}")
        for case in suite.cases:
            cases, plays = cases + 1, plays + len(case.played())
            console.print(f"  {case.id}  ({len(case.played())})  {', '.join(case.tags)}  {case.title}", markup=False)
    console.print(f"{cases} cases, {plays} plays.")
    return 0


def _compare(argv: list[str], console: Console) -> int:
    parser = _parser("compare", "Compare two stored runs (--json files) or two planners, play by play.")
    parser.add_argument("first", help="a stored run, or a planner such as offline or openai:gpt-4o-mini")
    parser.add_argument("second")
    _playing(parser)
    args = parser.parse_args(argv)

    from rich.table import Table

    from opsmith.evals import baseline, compare

    for name in (args.first, args.second):
        if not Path(name).is_file():
            _check_planner(name, args.base_url)  # before the other one is played for minutes
    runs = [baseline.read_run(Path(n)) if Path(n).is_file() else _plays_of(n, args) for n in (args.first, args.second)]
    found = compare.compare(runs[0], runs[1], (args.first, args.second))
    table = Table("", *found.names, box=None, header_style="bold")
    for label, value in (
        ("plays passed", lambda t: f"{t.passed} of {t.plays}"),
        ("cases passed", lambda t: f"{t.cases_passed} of {t.cases}"),
        ("hard failures", lambda t: str(t.hard)),
        ("pass^k", lambda t: ", ".join(f"{k}: {v:.3f}" for k, v in t.pass_hat.items())),
        ("tokens", lambda t: f"{t.tokens:,}"),
        ("cost in dollars", lambda t: f"{t.cost:.4f}"),
        ("seconds of play", lambda t: f"{t.seconds:.1f}"),
    ):
        table.add_row(label, *(value(t) for t in found.sums))
    console.print(table)
    for name, keys in zip(found.names, (found.only_first, found.only_second), strict=True):
        for key in keys:
            console.print(f"only {name} passes {key}", markup=False)
    console.print(found.sentence(), markup=False)
    return 0


def _record(argv: list[str], console: Console) -> int:
    parser = _parser("record", "Turn a conversation of a project into a case.")
    parser.add_argument("--project", type=Path, default=Path())
    parser.add_argument("--thread", default="", help="default: the one used last")
    parser.add_argument("--out", type=Path, default=Path("evals/recorded.yaml"))
    parser.add_argument("--id", default="")
    args = parser.parse_args(argv)
    from opsmith.evals import record

    threads = record.thread_names(args.project)
    if not threads:
        raise ToolError(f"{args.project} holds no conversation yet, so there is nothing to record.")
    path = record.record(args.project, args.thread or threads[0], args.out, args.id)
    console.print(f"wrote {path}. Read its expectations, then: opsmith eval {path}", markup=False)
    return 0


def _dialogues(argv: list[str], console: Console) -> int:
    parser = _parser("dialogues", "Play a file of conversations and write predictions for its scorer.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, default=Path("predictions.jsonl"))
    parser.add_argument("--model", default="offline")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--id", action="append", default=[], help="only these items")
    args = parser.parse_args(argv)
    import json

    from opsmith.evals import dialogues
    from opsmith.evals.driver import Setup

    items = [i for i in dialogues.read_items(args.file) if not args.id or i["id"] in args.id]
    if not items:
        raise ToolError(f"{args.file} holds no item to play.")
    started = time.monotonic()
    with console.status("playing") as status:
        rows = dialogues.predict_all(items, Setup(args.model, args.base_url), jobs=args.jobs,
                                     told=lambda done: status.update(f"playing {done} of {len(items)}"))  # fmt: skip
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text("".join(json.dumps(r, ensure_ascii=False, default=str) + "\n" for r in rows), encoding="utf-8")
    broken = sorted({r["id"] for r in rows if "error" in r})
    console.print(f"{len(rows)} predictions of {len(items)} items in {time.monotonic() - started:.1f} s: {args.out}")
    if broken:
        console.print(
            f"{len(broken)} items fell over: {', '.join(broken[:10])}; their lines hold the error.", markup=False
        )
    return 1 if broken else 0


def _history(argv: list[str], console: Console) -> int:
    parser = _parser("history", "Pass rates of earlier runs, oldest first.")
    parser.add_argument("--out", type=Path, default=Path(".opsmith/evals"))
    args = parser.parse_args(argv)
    from opsmith.evals import baseline

    past = baseline.history(args.out / "history.jsonl")
    if not past:
        console.print("No run was recorded here yet.")
        return 0
    for line in past[-30:]:
        rate = line["passed"] / max(line["plays"], 1)
        console.print(f"{line['at'][:16]}  {line['model']:<20} {line['passed']:>5}/{line['plays']:<5} {rate:7.1%}  "
                      f"hard {line['hard']}  {line['seconds']:.0f} s", markup=False)  # fmt: skip
    console.print(baseline.spark([line["passed"] / max(line["plays"], 1) for line in past]))
    return 0


def _schema(argv: list[str], console: Console) -> int:
    parser = _parser("schema", "Print the JSON Schema of suite files, for editors.")
    parser.add_argument("--path", action="store_true", help="print where the schema file lies instead")
    args = parser.parse_args(argv)
    sys.stdout.write(f"{SCHEMA_FILE}\n" if args.path else schema_text())
    return 0


def _new(argv: list[str], console: Console) -> int:
    parser = _parser("new", "Write a first suite to start from.")
    parser.add_argument("file", type=Path)
    args = parser.parse_args(argv)
    if args.file.exists():
        raise ToolError(f"{args.file} exists already, so it is left as it is.")
    args.file.parent.mkdir(parents=True, exist_ok=True)
    text = Path(__file__).with_name("first_suite.yaml").read_text(encoding="utf-8")
    args.file.write_text(text.replace("SCHEMA", SCHEMA_FILE.as_posix()), encoding="utf-8")
    console.print(f"wrote {args.file}. Play it: opsmith eval {args.file}", markup=False)
    return 0


def _check_planner(name: str, base_url: str) -> None:
    """ToolError when nothing could be played with a planner of this name."""
    from opsmith.agent.planner import make_planner

    make_planner(name, {"base_url": base_url})


def _plays_of(model: str, args: argparse.Namespace) -> list[Any]:
    from opsmith.evals import runner
    from opsmith.evals.driver import Setup

    jobs = runner.plan(
        [Path(s) for s in args.suites] or [SUITES], runner.Filter(args.id, args.tag, None, args.variants), args.epochs
    )
    setup = Setup(model, "" if model == "offline" else args.base_url, args.seed, prices=tuple(args.price))
    limits = runner.Limits(args.timeout, args.max_cost)
    limits.jobs = args.jobs or limits.jobs
    return runner.run(jobs, setup, limits)


def _grade(plays: list[Any], model: str, base_url: str) -> None:
    from opsmith.evals.tone import grade

    for play in plays:
        play.tone = grade(play, model, {"base_url": base_url})


def _about(args: argparse.Namespace, left_out: int) -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("opsmith")
    except PackageNotFoundError:
        release = "source"
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "model": args.model, "agent": args.agent,
            "version": release, "suites": list(args.suites), "seed": args.seed, "left_out": left_out}  # fmt: skip
