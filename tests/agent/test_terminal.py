"""The real program in a real terminal (tmux), typed as a person types."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


class Screen:
    """A terminal of 100 × 40 that runs a program."""

    def __init__(self, folder: Path, program: list[str]) -> None:
        self.name = f"opsmith-{uuid.uuid4().hex[:8]}"
        self._tmux("new-session", "-d", "-s", self.name, "-x", "100", "-y", "40", "-c", str(folder), *program)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-L", "opsmith-test", *words], capture_output=True, text=True, timeout=30)
        return done.stdout

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-t", self.name, "-l", text)
        self._tmux("send-keys", "-t", self.name, "Enter")

    def press(self, key: str) -> None:
        self._tmux("send-keys", "-t", self.name, key)

    def shown(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", self.name, "-S", "-200")

    def wait(self, what: Callable[[str], bool], seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.shown()
            if what(text):
                return text
            time.sleep(0.2)
        pytest.fail(f"not shown in {seconds} s; the screen was:\n{self.shown()}")

    def close(self) -> None:
        self._tmux("kill-session", "-t", self.name)


@pytest.fixture
def screen(project: Path) -> Iterator[Screen]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    (project / "sales.csv").write_text("city,amount\nRome,10\nRome,30\nOslo,5\nOslo,5\n")
    opened = Screen(project, [sys.executable, "-m", "opsmith.agent"])
    yield opened
    opened.close()


def test_look_propose_approve_undo_by_hand(screen: Screen, project: Path) -> None:
    screen.wait(lambda t: "offline planner" in t and "›" in t)
    screen.type("profile sales.csv")
    screen.wait(lambda t: "4 rows" in t and "report:" in t)
    screen.type("drop duplicate rows of sales.csv into unique.csv")
    screen.wait(lambda t: "approve" in t and "[y yes" in t)
    assert not (project / "unique.csv").exists()
    screen.type("y")
    screen.wait(lambda t: "done:" in t)
    assert (project / "unique.csv").exists()
    screen.type("/undo")
    screen.wait(lambda t: "↶" in t)
    assert not (project / "unique.csv").exists()
    screen.press("C-c")
    screen.wait(lambda t: "Ctrl-C again" in t)
    screen.type("/quit")
    time.sleep(1)
    assert "Traceback" not in screen.shown()
