"""LangGraph's own server opens the same graph: start `langgraph dev` on loopback, ask one question, stop it.

Run with the Python of an environment that holds Opsmith and langgraph-cli[inmem] (its protobuf is older).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def ask(address: str, text: str) -> str:
    """The last message of a stateless run."""
    body = json.dumps({"assistant_id": "opsmith", "input": {"messages": [{"role": "user", "content": text}]}})
    request = urllib.request.Request(f"{address}/runs/wait", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return str(json.load(answer)["messages"][-1]["content"])


def main() -> int:
    """0 when the server answered with the right counts."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(ROOT / "examples" / "churn" / "data", project / "data")
        port = free_port()
        program = [str(Path(sys.executable).with_name("langgraph")), "dev", "--no-browser", "--no-reload"]
        server = subprocess.Popen(
            [*program, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "OPSMITH_PROJECT": str(project)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{address}/ok", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.5)
            answer = ask(address, "profile data/telco_churn.csv, the target is Churn")
        finally:
            server.terminate()
            told = server.communicate(timeout=30)[0]
    if "7,043 rows" not in answer:
        print(told[-3000:], answer, sep="\n")
        return 1
    print("langgraph dev: 1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
