"""Make the project that a case starts in: files, trained models, monitors, facts. Each world is built once and copied."""

from __future__ import annotations

import atexit
import csv
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from opsmith.agent import catalogue
from opsmith.evals import synthetic
from opsmith.evals.case import FileFixture, World
from opsmith.tools.contract import Context, ToolError

_MONITOR = re.compile(r"^\s*(?P<model>\S+)\s*:\s*(?P<metric>\w+)\s*[<>]=?\s*(?P<limit>[\d.]+)\s*,\s*(?P<rest>.+)$")


class Worlds:
    """Built worlds in one folder, shared by processes; a case gets a copy of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def copy(self, world: World, data: Sequence[Path], project: Path) -> None:
        """Put the world into a new folder."""
        shutil.copytree(self.built(world, data), project, symlinks=True)

    def built(self, world: World, data: Sequence[Path]) -> Path:
        """The finished world; made when nobody has yet."""
        key = hashlib.sha256(json.dumps([world.model_dump(), [str(d) for d in data]], sort_keys=True).encode())
        ready = self.folder / key.hexdigest()[:24]
        if not ready.exists():
            part = Path(tempfile.mkdtemp(dir=self.folder, prefix="part-"))
            build(world, data, part, self.folder / "stubs")
            try:
                part.rename(ready)
            except OSError:  # another process was first
                shutil.rmtree(part)
        return ready


def build(world: World, data: Sequence[Path], project: Path, cache: Path) -> None:
    """Write a world into an empty folder. data: where its data files may lie; cache: where stub models are kept."""
    for place, (name, fixture) in enumerate(world.files.items()):
        _write(fixture, name, place, data, project)
    if world.models:
        from opsmith.evals import stubs  # heavy, and most worlds have no model

        for name, model in world.models.items():
            stubs.register(project, name, model, cache)
    write_monitors(project, world.monitors)
    if world.facts:
        _remember(project, world.facts)
    catalogue.files(Context(project=project))  # the copies find the columns of their tables already read


def write_monitors(project: Path, lines: Sequence[str]) -> None:
    """Monitors from lines such as `churn_model: auc < 0.8, daily, email`, as their YAML files."""
    from opsmith.tools.data.monitors import DISTANCES, Monitor, checked, file_of, metric_name

    for line in lines:
        read = _MONITOR.match(line)
        if not read:
            raise ToolError(f"{line!r} is no monitor. Write MODEL: METRIC < or > THRESHOLD, SCHEDULE[, CHANNEL].")
        schedule, _, channel = (part.strip() for part in read["rest"].partition(","))
        metric = metric_name(read["metric"])
        made = checked(
            Monitor(
                name=read["model"],
                model=read["model"],
                schedule=schedule,
                checks=("data",) if metric in DISTANCES else ("performance",),
                thresholds={metric: float(read["limit"])},
                channel=channel or "terminal",
            )
        )
        path = project / file_of(made.name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(made.as_yaml(), encoding="utf-8")


@cache
def room() -> Path:
    """This process's own folder for worlds and projects, removed at its end; in memory where the system offers it."""
    shared = Path("/dev/shm")
    base = shared if shared.is_dir() and os.access(shared, os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix="opsmith-evals-", dir=base))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _write(fixture: FileFixture, name: str, place: int, data: Sequence[Path], project: Path) -> None:
    path = (project / name).resolve()
    if project.resolve() not in path.parents:
        raise ToolError(f"The world names {name}, which lies outside of the project.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if fixture.data is not None:
        shutil.copyfile(_found(fixture.data, data), path)
    elif fixture.text is not None:
        path.write_text(fixture.text, encoding="utf-8", newline="")
    elif fixture.columns is not None:
        shift = place if fixture.shift is None else fixture.shift
        synthetic.save(synthetic.frame(name, fixture.columns, fixture.rows, shift), path)
    elif path.suffix in (".parquet", ".xlsx", ".jsonl"):
        import pandas as pd

        header, *rows = fixture.table or [[]]
        synthetic.save(pd.DataFrame(rows, columns=header), path)
    else:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(fixture.table or [])
        path.write_text(buffer.getvalue(), encoding="utf-8", newline="")


def _found(name: str, data: Sequence[Path]) -> Path:
    for folder in data:
        if (folder / name).is_file():
            return folder / name
    raise ToolError(f"The world needs the data file {name}; it is in none of {', '.join(map(str, data))}.")


def _remember(project: Path, facts: Sequence[str]) -> None:
    from opsmith.agent import settings
    from opsmith.memory.store import Memory

    flat: Mapping[str, object] = settings.load(project, environ={}).flat()
    memory = Memory(project, flat)
    try:
        for fact in facts:
            memory.remember({"text": fact, "source": "case", "kind": "fact"}, author="case", thread="case")
    finally:
        memory.close()
