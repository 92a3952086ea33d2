"""One container of ours, run hardened: read-only, no capabilities, limits on memory, CPU and processes, loopback only."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsmith.tools.compute.deployment.engine import LABEL, PROOF
from opsmith.tools.contract import ToolError

SAMPLE_SECONDS = 0.5
PROCESSES = 64
SHARES = 8192  # eight times the usual weight, so that neighbours disturb the measurement less; the limits still hold


@dataclass(frozen=True)
class Usage:
    """Counters of a container's cgroup. cpu in seconds."""

    cpu: float
    periods: int
    throttled: int
    rss: int


class Running:
    """A started container; use it in a `with`, which takes it away again with its volume."""

    def __init__(
        self,
        client: Any,
        image: str,
        *,
        model: str,
        approval: str,
        port: int,
        cpus: float,
        memory: int,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._client = client
        labels = {LABEL: model, PROOF: approval}
        self._volume = client.volumes.create(labels=labels)
        self.began = time.monotonic()
        self.container = client.containers.run(
            image, detach=True, labels=labels, environment=environment or {}, read_only=True, cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"], mem_limit=memory, memswap_limit=memory, nano_cpus=int(cpus * 1e9),
            pids_limit=PROCESSES, cpu_shares=SHARES, tmpfs={"/tmp": "noexec,nosuid,size=16m"},
            ports={f"{port}/tcp": ("127.0.0.1", None)},
            volumes={self._volume.name: {"bind": "/var/lib/predictions", "mode": "rw"}},
        )  # fmt: skip
        self._inner = port
        self.port = 0
        self.peak_rss = 0
        self._sampling: threading.Thread | None = None
        self._done = threading.Event()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._sampling:
            self._sampling.join(5)
        self.container.remove(force=True, v=True)
        self._volume.remove(force=True)

    def wait_ready(self, patience: float, check: Callable[[], None]) -> float:
        """Seconds from the start to a 200 of /readyz. Raises ToolError with the state and last log lines otherwise."""
        while time.monotonic() - self.began < patience:
            check()
            self.container.reload()
            state = self.container.attrs["State"]
            if state["Status"] in ("exited", "dead"):
                raise ToolError(f"The container ended before it was ready ({_state(state)}). {self._last_lines()}")
            ports = (self.container.attrs["NetworkSettings"]["Ports"] or {}).get(f"{self._inner}/tcp")
            if ports:
                self.port = int(ports[0]["HostPort"])
                if answers(self.port, "/readyz"):
                    return time.monotonic() - self.began
            time.sleep(0.1)
        raise ToolError(f"The container was not ready after {patience:.0f} s. {self._last_lines()}")

    def usage(self) -> Usage:
        """The counters now. Resident memory without page cache: rss (cgroup v1) or anon (v2)."""
        found = self._client.api.stats(self.container.id, stream=False, one_shot=True)
        cpu, memory = found.get("cpu_stats", {}), found.get("memory_stats", {}).get("stats", {})
        throttling = cpu.get("throttling_data", {})
        rss = int(memory.get("total_rss", memory.get("rss", memory.get("anon", 0))))
        return Usage(
            cpu.get("cpu_usage", {}).get("total_usage", 0) / 1e9, int(throttling.get("periods", 0)),
            int(throttling.get("throttled_periods", 0)), rss,
        )  # fmt: skip

    def watch_memory(self) -> None:
        """Remember the largest resident memory from now on."""

        def sample() -> None:
            while not self._done.wait(SAMPLE_SECONDS):
                try:
                    self.peak_rss = max(self.peak_rss, self.usage().rss)
                except OSError:
                    return  # the container is gone

        self._sampling = threading.Thread(target=sample, daemon=True)
        self._sampling.start()

    def out_of_memory(self) -> bool:
        """Whether the kernel killed it; only the state says so, the log is silent."""
        self.container.reload()
        return bool(self.container.attrs["State"].get("OOMKilled"))

    def stop(self) -> tuple[int, float]:
        """Exit code after SIGTERM, and how many seconds the stop took."""
        began = time.monotonic()
        self.container.stop(timeout=25)
        took = time.monotonic() - began
        self.container.reload()
        return int(self.container.attrs["State"]["ExitCode"]), took

    def _last_lines(self) -> str:
        lines = self.container.logs(tail=3).decode("utf-8", "replace").strip().splitlines()
        return "Its last lines: " + " | ".join(line[:200] for line in lines) if lines else "It wrote no log."


def answers(port: int, path: str) -> bool:
    """Whether a GET on the loopback address gives 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as got:
            return bool(got.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def clear(client: Any, approval: str) -> None:
    """Take away the containers and volumes of an approval, as after a crash."""
    wanted = {"label": f"{PROOF}={approval}"}
    for container in client.containers.list(all=True, filters=wanted):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=wanted):
        volume.remove(force=True)


def _state(state: dict[str, Any]) -> str:
    told = f"exit code {state['ExitCode']}"
    return told + ", killed because it used more memory than its limit" if state.get("OOMKilled") else told
