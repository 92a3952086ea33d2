"""Pytest collects suites: `pytest evals/suites` runs every play of every case as a test of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("opsmith", "Opsmith evaluation suites")
    group.addoption("--opsmith-model", default="offline", help="planner that plays the suites (default: offline)")
    group.addoption("--opsmith-agent", default="", help="MODULE:FUNCTION that opens the session under test")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """A YAML file that begins a line with `suite:` is a suite."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    with file_path.open(encoding="utf-8", errors="replace") as file:
        if not any(line.startswith("suite:") for _, line in zip(range(40), file, strict=False)):
            return None
    return SuiteFile.from_parent(parent, path=file_path)


class SuiteFile(pytest.File):
    """A suite as a pytest file."""

    def collect(self) -> Iterator[PlayItem]:
        from opsmith.evals.runner import Filter, plan
        from opsmith.tools.contract import ToolError

        try:
            jobs = plan([self.path], Filter())
        except ToolError as error:
            raise self.CollectError(str(error)) from None
        for job in jobs:
            yield PlayItem.from_parent(self, name=job.key, job=job)


class PlayItem(pytest.Item):
    """One play."""

    def __init__(self, *, job: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.keywords.update(dict.fromkeys(job.case.tags, True))

    def runtest(self) -> None:
        from opsmith.evals.driver import Setup
        from opsmith.evals.runner import play_job

        setup = Setup(model=self.config.getoption("--opsmith-model"), agent=self.config.getoption("--opsmith-agent"))
        played = play_job(self.job, setup)
        if played.failures:
            raise PlayFailed(
                "\n".join(
                    f"{'HARD ' if f.hard else ''}turn {f.turn or 'end'}: {f.check}: {f.message}"
                    for f in played.failures
                )
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, PlayFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.job.key


class PlayFailed(AssertionError):
    """A play did not end as its case expects."""
