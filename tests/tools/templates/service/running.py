"""The generated service as a process on the loopback address, for tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


class Service:
    """`python -m service` in a folder of generated files; use it in a `with`."""

    def __init__(self, folder: Path, log: Path | None = None, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(self.port), "PREDICTION_LOG": str(log or folder / "log"),
            "ORT_DISABLE_TELEMETRY": "1", **settings,
        }  # fmt: skip
        self.process = subprocess.Popen([sys.executable, "-m", "service"], cwd=folder, env=environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip

    def __enter__(self) -> Service:
        for _ in range(
            900
        ):  # most of a minute and more on a crowded machine: scikit-learn alone takes ten seconds there
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.process.stdout.read()}")
            try:
                if self.get("/readyz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError("it was not ready within 90 s")

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()

    def stop(self) -> tuple[int, list[dict[str, Any]]]:
        """SIGTERM; the exit code and the log lines."""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in said.splitlines()]

    def get(self, path: str) -> tuple[int, Any]:
        """Status and body."""
        return self._open(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))[:2]

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers; `body` is sent as JSON unless it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method="POST")
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> tuple[int, Any, dict[str, str]]:
        try:
            with urllib.request.urlopen(request, timeout=20) as got:
                return got.status, _read(got), dict(got.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read(error), {k.lower(): v for k, v in error.headers.items()}


def _read(got: Any) -> Any:
    text = got.read().decode()
    return json.loads(text) if got.headers.get("content-type", "").startswith("application/json") else text
