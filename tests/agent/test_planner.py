"""Language models over HTTP: a third-party OpenAI-compatible mock server, and what goes wrong in one sentence."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from opsmith.agent import settings
from opsmith.agent.events import ActionDone, Event, Finished, Problem, Said, ToolDone
from opsmith.agent.planner import make_planner
from opsmith.agent.session import Decision, Session
from opsmith.tools.contract import ToolError

from .pad import install

ROOT = Path(__file__).resolve().parents[2]
AIMOCK = ROOT / ".node" / "node_modules" / ".bin" / "aimock"


def when(words: str, response: dict[str, Any], after_tool: bool | None = None, **more: Any) -> dict[str, Any]:
    """One scripted answer of the mock server."""
    match = {"userMessage": words} if after_tool is None else {"userMessage": words, "hasToolResult": after_tool}
    return {"match": match, "response": response, **more}


def calls(tool: str, arguments: Any) -> dict[str, Any]:
    return {"toolCalls": [{"name": tool, "arguments": arguments}]}


def fails(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error"}, "status": status}


FIXTURES = [
    when("look", calls("peek", {"dataset": "x"}), False),
    when("look", {"content": "The file x has three letters, I looked."}, True, chunkSize=5),
    when("write", calls("pad", {"output": "a.txt"}), False),
    when("write", {"content": "It waits for your approval."}, True),
    when("broken", calls("peek", '{"dataset": '), False),
    when("broken", {"content": "I could not form the call."}, True),
    when("receipt", {"content": "Written, says the receipt."}),
    when("crowd", fails(429, "slow down")),
    when("collapse", fails(503, "oops")),
    when("stranger", fails(401, "bad key")),
]


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key-for-loopback-only-000")


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running mock server."""
    if not AIMOCK.exists() or not shutil.which("node"):
        pytest.skip("needs Node.js and @copilotkit/aimock (npm install --prefix .node @copilotkit/aimock@1.43.0)")
    folder = tmp_path_factory.mktemp("aimock")
    (folder / "fx.json").write_text(json.dumps({"fixtures": FIXTURES}))
    (folder / "cfg.json").write_text(json.dumps({"llm": {"fixtures": "./fx.json"}}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(AIMOCK), "-c", "cfg.json", "-p", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if re.search(r"listening|127\.0\.0\.1|localhost", line, re.IGNORECASE):
            break
    threading.Thread(target=server.stdout.read, daemon=True).start()
    yield f"http://127.0.0.1:{port}/v1"
    server.terminate()
    server.wait(10)


def session_at(project: Path, url: str, **flags: Any) -> Session:
    (project / "x").write_text("abc")
    return Session(
        project, settings=settings.load(project, {"model": "openai:gpt-test", "base_url": url, "retries": 1, **flags})
    )


def of(kind: type, events: list[Event]) -> list[Any]:
    return [e for e in events if isinstance(e, kind)]


@pytest.mark.node
def test_tools_are_called_and_words_stream(project: Path, aimock: str) -> None:
    events = list(session_at(project, aimock).send("look at x"))
    assert of(ToolDone, events)[0].result["headline"] == "x has 3 letters."
    pieces = [s.text for s in of(Said, events) if s.partial]
    assert len(pieces) > 3
    assert "".join(pieces) == "The file x has three letters, I looked."
    usage = of(Finished, events)[0].summary["usage"]
    assert usage["model"] == "openai:gpt-test"


@pytest.mark.node
def test_an_action_waits_for_the_person_with_a_model_too(project: Path, aimock: str) -> None:
    session = session_at(project, aimock)
    list(session.send("write it"))
    assert not (project / "a.txt").exists()
    done = [
        e
        for e in session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending])
        if isinstance(e, ActionDone)
    ]
    assert [d.outcome for d in done] == ["done"]
    assert (project / "a.txt").exists()


@pytest.mark.node
def test_arguments_that_are_not_json_are_sent_back(project: Path, aimock: str) -> None:
    events = list(session_at(project, aimock).send("broken call"))
    assert of(Finished, events)[0].summary["answer"] == "I could not form the call."


@pytest.mark.node
@pytest.mark.parametrize(
    ("words", "told"), [("crowd", "too many requests"), ("collapse", "failed (503)"), ("stranger", "OPENAI_API_KEY")]
)
def test_a_servers_trouble_is_one_sentence_with_an_offer(project: Path, aimock: str, words: str, told: str) -> None:
    session = session_at(project, aimock)
    problem = of(Problem, list(session.send(words)))[0]
    assert told in problem.message
    assert problem.offer_offline
    assert of(Said, list(session.send("look at x")))[-1].text.startswith("The file x")


def test_a_server_that_is_not_there_is_told(project: Path) -> None:
    session = session_at(project, "http://127.0.0.1:9/v1", retries=0)
    assert "cannot be reached" in of(Problem, list(session.send("hello")))[0].message


class Hanging(BaseHTTPRequestHandler):
    """Takes a request and says nothing."""

    def do_POST(self) -> None:
        threading.Event().wait(3)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_server_that_never_answers_is_told(project: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Hanging)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session = session_at(project, f"http://127.0.0.1:{server.server_port}/v1", retries=0, timeout_seconds=1)
    assert "did not answer in time" in of(Problem, list(session.send("hello")))[0].message
    server.shutdown()


def test_a_model_without_a_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ToolError, match="OPENAI_API_KEY"):
        make_planner("openai:gpt-5", {})
    assert make_planner("openai:llama3", {"base_url": "http://127.0.0.1:11434/v1"}) is not None


@pytest.mark.parametrize("name", ["gpt-5", "openai:", "anthropic:x", ""])
def test_a_name_that_is_no_planner_is_told(name: str) -> None:
    with pytest.raises(ToolError, match="names no planner"):
        make_planner(name, {})
