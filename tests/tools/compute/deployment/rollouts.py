"""The written scripts run for real, with tools beside them that note each call and answer as they are told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from opsmith.tools.compute.deployment.cloud_files import script_files
from opsmith.tools.compute.deployment.plan import make_plan

TOOLS = ("docker", "terraform", "kubectl", "aws", "gcloud", "az", "curl")
DIGEST, EARLIER = "sha256:" + "a" * 64, "sha256:" + "b" * 64

# Notes its call, then gives the first answer whose words are all in it: {"words": [...], "says": "...", "code": 0, "once": ...}
FAKE = """#!{python} -SE
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
call = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
with open(folder + "/calls", "a") as out:
    out.write(json.dumps(call) + "\\n")
with open(folder + "/answers.json") as given:
    answers = json.load(given)
for number, answer in enumerate(answers):
    if all(any(word in part for part in call) for word in answer["words"]):
        if answer.get("times") is not None:
            answer["times"] -= 1
            if answer["times"] < 0:
                continue
            with open(folder + "/answers.json", "w") as out:
                json.dump(answers, out)
        sys.stdout.write(answer.get("says", ""))
        sys.exit(answer.get("code", 0))
"""


@dataclass(frozen=True)
class Ran:
    """What a script did."""

    code: int
    said: str
    calls: list[list[str]]

    def did(self, *words: str) -> bool:
        """Whether one call had all these words."""
        return any(all(any(w in part for part in call) for w in words) for call in self.calls)

    def order(self, *calls: tuple[str, ...]) -> list[int]:
        """Where the first call of each kind stands."""
        return [
            next(n for n, c in enumerate(self.calls) if all(any(w in p for p in c) for w in words)) for words in calls
        ]


class Rollout:
    """A deployment folder with its scripts, and fakes of every tool they call."""

    def __init__(self, folder: Path, **asked: object) -> None:
        self.folder, self.tools = folder / "deploy", folder / "tools"
        kinds = ("script",) if asked.get("environment") == "local" else ("k8s", "script")
        plan = make_plan("churn_model", 2, asked, kinds)
        for name, text in script_files(plan).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        sample = self.folder / "service" / "sample_request.json"
        sample.parent.mkdir()
        sample.write_text('{"rows": [{"age": 3}]}')
        (self.folder / "k8s" / "overlays").mkdir(parents=True)
        self.tools.mkdir()
        for tool in TOOLS:
            (self.tools / tool).write_text(FAKE.format(python=sys.executable))
            (self.tools / tool).chmod(0o755)

    def run(self, script: str, *words: str, typed: str = "", answers: list[dict[str, object]] = [], **env: str) -> Ran:  # noqa: B006
        """Run `bash scripts/SCRIPT WORDS`, type `typed`, and tell what happened."""
        (self.tools / "answers.json").write_text(json.dumps(answers))
        (self.tools / "calls").write_text("")
        done = subprocess.run(
            ["bash", str(self.folder / "scripts" / script), *words], input=typed, text=True, timeout=120,
            capture_output=True, env={"PATH": f"{self.tools}:{os.environ['PATH']}", "HOME": str(self.folder), **env},
        )  # fmt: skip
        calls = [json.loads(line) for line in (self.tools / "calls").read_text().splitlines()]
        return Ran(done.returncode, done.stdout + done.stderr, calls)
