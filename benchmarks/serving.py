"""The generated service beside MLflow, BentoML and LitServe on one model: cold start, CPU a request, memory, Dockerfile findings.

`python benchmarks/serving.py PEERS [CHECKOV] [files] [quick]`: PEERS is a folder with environments serve-opsmith (what
tools/templates/locks/onnx.txt lists), serve-mlflow, serve-bentoml and serve-litserve; CHECKOV the program, for Dockerfile
findings. Every server runs as processes on the loopback address, one worker, with the same logistic regression of
scikit-learn's breast cancer table (30 numbers), under the same open load of one fixed arrival rate; the servers share one
CPU, the load comes from another; CPU and memory are those of all processes of a server. The servers take turns, three rounds;
the middle round by CPU a request is told. Then each one's Dockerfile is judged and, where an engine answers, built.
`files` leaves the load out; `quick` is one short round, to try it, and writes no results.
Writes benchmarks/results/serving.json and .md.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

from serving_images import dockerfile, findings, image, size_of

RESULTS = Path(__file__).parent / "results"
RATE, SECONDS, WARM, ROUNDS = 60.0, 15.0, 2.0, 3
TICK = os.sysconf("SC_CLK_TCK")

FIT = """
import sys
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
table = load_breast_cancer(as_frame=True)
table.data.columns = [c.replace(" ", "_") for c in table.data.columns]
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(table.data, table.target)
"""
MLFLOW = (
    FIT + "import mlflow\nmlflow.sklearn.save_model(model, sys.argv[1] + '/model', input_example=table.data.head(2))\n"
)
JOBLIB = FIT + "import joblib\njoblib.dump(model, sys.argv[1] + '/model.joblib')\n"
BENTO = """
import bentoml, joblib, pandas as pd

@bentoml.service(workers=1)
class Model:
    def __init__(self):
        self.model = joblib.load("model.joblib")

    @bentoml.api
    def predict(self, rows: list) -> list:
        return self.model.predict_proba(pd.DataFrame(rows))[:, 1].tolist()
"""
LIT = """
import sys, joblib, pandas as pd
import litserve as ls

class Model(ls.LitAPI):
    def setup(self, device):
        self.model = joblib.load("model.joblib")

    def decode_request(self, request):
        return request["rows"]

    def predict(self, rows):
        return self.model.predict_proba(pd.DataFrame(rows))[:, 1].tolist()

    def encode_response(self, output):
        return {"predictions": output}

if __name__ == "__main__":
    ls.LitServer(Model(), accelerator="cpu", workers_per_device=1).run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1,
                                                                       generate_client_file=False)
"""


def ours(folder: Path) -> list[dict]:
    """Write the generated service into `folder`; the rows to ask with."""
    from sklearn.datasets import load_breast_cancer

    from opsmith.agent.effects import Place, effect_of
    from opsmith.tools.compute.deployment.service import service_files
    from opsmith.tools.contract import Context
    from opsmith.tools.data import registry
    from opsmith.tools.train import train

    table = load_breast_cancer(as_frame=True)
    frame = table.frame.rename(columns=lambda c: c.replace(" ", "_"))
    frame.to_csv(folder / "cancer.csv", index=False)
    (action,) = train(
        "cancer.csv", target="target", algorithm="logistic_regression", model="m", context=Context(folder)
    ).actions
    effect_of(action.kind).apply(action.arguments, Place(folder, "t", "benchmark"))
    plan = SimpleNamespace(port=8080, image_reference="m:v1")
    for name, content in service_files(registry.get(folder, "m"), plan, folder).items():
        path = folder / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return frame.drop(columns="target").head(50).to_dict("records")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def cpu_of(pid: int) -> float:
    """CPU seconds of a tree, ended children included."""
    total = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # ended since the tree was listed; its parent has its seconds
        total += sum(int(f) for f in fields[11:15])
    return total / TICK


def memory_of(pid: int) -> dict[str, float]:
    """Resident and proportional memory of a tree in MB; pages that its processes share count once in the second."""
    total = {"Rss": 0, "Pss": 0}
    for one in tree(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # a helper of a server that has just ended
        for line in lines:
            name = line.split(":")[0]
            if name in total:
                total[name] += int(line.split()[1]) * 1024
    return {f"{name.lower()}_mb": size / 1e6 for name, size in total.items()}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answered(port: int, path: str, body: str) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as got:
            return got.status == 200
    except OSError:
        return False


def shoot(port: int, path: str, bodies: list[str], seconds: float) -> dict:
    job = {"port": port, "path": path, "bodies": bodies, "rate": RATE, "seconds": seconds}
    done = subprocess.run([sys.executable, "-m", "opsmith.agent.effects.open_loop"], input=json.dumps(job), text=True,
                          capture_output=True, check=True, preexec_fn=lambda: on_cpu(-1))  # fmt: skip
    return json.loads(done.stdout)


def on_cpu(which: int) -> None:
    """Keep this process on the first (0) or last (-1) processor that it may use."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[which]})


def measured(
    command: list[str],
    folder: Path,
    path: str,
    bodies: list[str],
    port: int,
    environment: dict[str, str],
    seconds: float,
) -> dict:
    """Start a server, wait for its first answer, load it, and stop it."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True", "ORT_DISABLE_TELEMETRY": "1",
             "OMP_NUM_THREADS": "1",
             "OPENBLAS_NUM_THREADS": "1", "DO_NOT_TRACK": "1"}  # fmt: skip
    log = (folder / "server.log").open("w")
    if answered(port, path, bodies[0]):
        raise RuntimeError(f"something answers on port {port} already")
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True,
                               preexec_fn=lambda: on_cpu(0), env={**os.environ, **quiet, **environment})  # fmt: skip
    try:
        while not answered(port, path, bodies[0]):
            if process.poll() is not None or time.monotonic() - began > 150:
                raise RuntimeError(f"{command[0]} did not answer: {(folder / 'server.log').read_text()[-1500:]}")
            time.sleep(0.1)
        started, start_cpu = time.monotonic() - began, cpu_of(process.pid)
        shoot(port, path, bodies, WARM)
        before = cpu_of(process.pid)
        shot = shoot(port, path, bodies, seconds)
        spent = cpu_of(process.pid) - before
        return {"cold_start_s": started, "start_cpu_s": start_cpu, "cpu_ms_per_request": 1000 * spent / max(1, shot["answered"]),
                **memory_of(process.pid), "p50_ms": shot["p50_ms"], "p95_ms": shot["p95_ms"], "answered": shot["answered"],
                "sent": shot["sent"], "errors": shot["errors"] + shot["refused"], "late_ms": shot["late_ms"],
                "processes": len(tree(process.pid))}  # fmt: skip
    finally:
        for one in tree(process.pid):  # a worker in a session of its own would answer in the next round
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        process.wait()


def main(peers: Path, checkov: str, only_files: bool, quick: bool) -> None:
    """Measure the servers in turn, look at their Dockerfiles, build their images, write the page."""
    root = Path(tempfile.mkdtemp())
    rows = ours(root)
    plain = [json.dumps({"rows": [row]}) for row in rows]
    split = [json.dumps({"dataframe_split": {"columns": list(r), "data": [list(r.values())]}}) for r in rows]
    places: dict[str, dict] = {}
    for name in ("opsmith", "mlflow", "bentoml", "litserve"):
        python, port = peers / f"serve-{name}" / "bin" / "python", free_port()
        folder = root / name
        if not python.is_file():
            continue
        if name == "opsmith":
            shutil.copytree(root / "deploy", folder)
            command, path, bodies = [python, "-m", "service"], "/predict", plain
        else:
            folder.mkdir()
            subprocess.run(
                [python, "-c", MLFLOW if name == "mlflow" else JOBLIB, folder], check=True, capture_output=True
            )
            (folder / "service.py").write_text(BENTO)
            (folder / "server.py").write_text(LIT)
            path, bodies = ("/invocations", split) if name == "mlflow" else ("/predict", plain)
            command = {
                "mlflow": [python, "-m", "mlflow", "models", "serve", "-m", "model", "-p", port, "-w", "1",
                           "--env-manager", "local"],
                "bentoml": [python, "-m", "bentoml", "serve", "service:Model", "--port", port, "--host", "127.0.0.1"],
                "litserve": [python, "server.py", port],
            }[name]  # fmt: skip
        settings = {"PORT": str(port), "HOST": "127.0.0.1", "PREDICTION_LOG": str(folder / "log"),
                    "BENTOML_HOME": str(folder / "home"),
                    "PATH": f"{python.parent}:{os.environ['PATH']}"}  # fmt: skip
        places[name] = {"command": list(map(str, command)), "folder": folder, "path": path, "bodies": bodies, "port": port,
                        "environment": settings, "python": python}  # fmt: skip
    load = os.getloadavg()
    runs: dict[str, list[dict]] = {name: [] for name in places}
    for _ in range(0 if only_files else 1 if quick else ROUNDS):
        for name, place in places.items():
            asked = {k: v for k, v in place.items() if k != "python"}
            runs[name].append(measured(**asked, seconds=3 if quick else SECONDS))
            print(name, runs[name][-1], flush=True)
    after = os.getloadavg()
    told: dict[str, dict] = {}
    for name, place in places.items():
        ranked = sorted(runs[name], key=lambda r: r["cpu_ms_per_request"])
        file = dockerfile(name, place["python"], place["folder"])
        told[name] = {**(ranked[len(ranked) // 2] if ranked else {}), "environment_mb": size_of(peers / f"serve-{name}"),
                      **findings(file, checkov), **({} if quick else image(name, file)), "runs": runs[name]}  # fmt: skip
        print(name, {k: v for k, v in told[name].items() if k != "runs"}, flush=True)
    result = {"load_average_before": load, "load_average_after": after, "processors": os.cpu_count(),
              "rate": None if only_files else RATE, "seconds": SECONDS, "rounds": ROUNDS, "servers": told}  # fmt: skip
    print(table(result))
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "serving.json").write_text(json.dumps(result, indent=1) + "\n")
        (RESULTS / "serving.md").write_text(table(result))


def table(result: dict) -> str:
    """The results as Markdown; only what was measured has a column."""
    told = result["servers"]
    known = ("cold_start_s", "start_cpu_s", "cpu_ms_per_request", "rss_mb", "pss_mb", "p50_ms", "p95_ms", "errors",
             "processes", "environment_mb", "image_mb", "hadolint", "checkov_failed")  # fmt: skip
    keys = [k for k in known if any(one.get(k) is not None for one in told.values())]
    lines = ["| server | " + " | ".join(keys) + " |", "| --- |" + " --- |" * len(keys)]
    for name, one in told.items():
        cells = [one.get(k) for k in keys]
        shown = (f"{c:.3g}" if isinstance(c, float) else "-" if c is None else str(c) for c in cells)
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    notes = [f"{name}: {one['image']}." for name, one in told.items() if one.get("image")]
    if result["rate"]:
        before, after = result["load_average_before"][0], result["load_average_after"][0]
        notes.insert(0, f"{result['rate']:g} requests a second for {result['seconds']:g} s, the middle of {result['rounds']} "
                     f"rounds by CPU a request; load average {before:.1f} before and {after:.1f} after, "
                     f"{result['processors']} CPUs, the servers on one of them.")  # fmt: skip
    else:
        notes.insert(0, "Cold start, CPU a request and memory were not measured in this run.")
    note = " ".join(notes)
    return "\n".join(lines) + f"\n\n{note}\n"


if __name__ == "__main__":
    program = next((a for a in sys.argv[2:] if a not in ("files", "quick")), "")
    main(Path(sys.argv[1]), program, "files" in sys.argv[2:], "quick" in sys.argv[2:])
