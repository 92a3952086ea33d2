"""The same suites against OpenAI-compatible servers: our own on loopback, and a third party's with scripted answers."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsmith.evals.case import Case, Turn, World
from opsmith.evals.driver import Setup, play
from opsmith.evals.judging import judge
from opsmith.evals.loading import SUITES, load_suite
from opsmith.evals.loopback import server
from opsmith.evals.runner import Filter, plan, play_job

from .scripted_agents import BOOK, Keyed

AIMOCK = Path(__file__).resolve().parents[2] / ".node" / "node_modules" / ".bin" / "aimock"
FILES = {"a.csv": {"table": [["x"], [1]]}, "b.csv": {"table": [["x"], [2]]}}


def test_calls_questions_and_approvals_over_http(tmp_path: Path) -> None:
    case = Case.model_validate(
        {"id": "a", "turns": [
            {"say": "two", "expect": {"calls": [{"tool": "status"}, {"tool": "remember", "arguments": {"topic": "two"}}]}},
            {"say": "ask", "expect": {"clarify": True}},
            {"say": "watch", "answer": "approve", "expect": {"journal": [{"kind": "create_monitor"}]}},
            {"say": "hm", "expect": {"answer": {"contains": ["I see."]}}},
        ]}
    )  # fmt: skip
    model = Keyed(book=BOOK)
    with server(lambda messages, tools: model.invoke(list(messages))) as url:
        setup = Setup(model="openai:keyed", base_url=url, folder=str(tmp_path), prices=(1.0, 2.0))
        done = play(case, "as written", case.turns, World.model_validate({"files": FILES}), [], setup)
    assert judge(case, case.turns, done).failures == []
    assert done.tokens > 0
    assert done.cost > 0


def test_the_smoke_suite_passes_over_http_as_it_does_without(tmp_path: Path) -> None:
    with server() as url:
        setup = Setup(model="openai:loopback", base_url=url, folder=str(tmp_path))
        failed = [
            p for job in plan([SUITES / "smoke.yaml"], Filter(variants=1)) if (p := play_job(job, setup)).failures
        ]
    assert [(p.key, p.failures) for p in failed] == []


def fixtures(turns: list[Turn]) -> list[dict[str, Any]]:
    """Scripted answers for the third-party server: the calls that each turn's case expects, then a short text."""
    made: list[dict[str, Any]] = []
    for turn in turns:
        expected = turn.expect.call_list
        calls = [{"name": c.tool, "arguments": _plain(c.arguments)} for c in (expected.calls if expected else [])]
        if calls:
            match = {"userMessage": turn.say, "hasToolResult": False}
            made.append({"match": match, "response": {"toolCalls": calls}})
        made.append({"match": {"userMessage": turn.say}, "response": {"content": "See the result."}})
    return [*made, {"match": {"userMessage": "receipt"}, "response": {"content": "See the receipt."}}]


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {k: v.get("$set", "") if isinstance(v, dict) else v for k, v in arguments.items()}


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of @copilotkit/aimock, scripted from the smoke suite."""
    if not AIMOCK.exists() or not shutil.which("node"):
        pytest.skip("needs Node.js and @copilotkit/aimock (npm install --prefix .node @copilotkit/aimock@1.43.0)")
    folder = tmp_path_factory.mktemp("aimock")
    turns = [t for case in load_suite(SUITES / "smoke.yaml").cases for t in case.turns]
    (folder / "fx.json").write_text(json.dumps({"fixtures": fixtures(turns)}))
    (folder / "cfg.json").write_text(json.dumps({"llm": {"fixtures": "./fx.json"}}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(AIMOCK), "-c", "cfg.json", "-p", str(port)]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert running.stdout is not None
    for line in running.stdout:
        if re.search(r"listening|127\.0\.0\.1|localhost", line, re.IGNORECASE):
            break
    threading.Thread(target=running.stdout.read, daemon=True).start()
    yield f"http://127.0.0.1:{port}/v1"
    running.terminate()
    running.wait(10)


@pytest.mark.node
@pytest.mark.parametrize("case", ["smoke-profile", "smoke-query", "smoke-decline", "smoke-approve", "smoke-reject"])
def test_cases_pass_against_a_third_party_server(aimock: str, case: str, tmp_path: Path) -> None:
    setup = Setup(model="openai:gpt-test", base_url=aimock, folder=str(tmp_path))
    for job in plan([SUITES / "smoke.yaml"], Filter(ids=[case], variants=1)):
        assert play_job(job, setup).failures == []
