"""From what Docker and Kubernetes say of a container to one cause, with the words that show it."""

import pytest

from opsmith.tools.compute.deployment.diagnosis import diagnose
from opsmith.tools.compute.deployment.observed import Quote, from_container, from_pod

MIB = 2**20


def container(state=None, log="", stats=None, metrics="", **more):
    inspect = {
        "Name": "/churn-model-1", "RestartCount": more.pop("restarts", 0),
        "State": {"Status": "running", "ExitCode": 0, "OOMKilled": False, "Error": "", **(state or {})},
        "Config": {"Image": "churn-model:v2", "Env": ["PATH=/x", "PORT=8080"], "ExposedPorts": {"8080/tcp": {}}},
        "HostConfig": {"Memory": 100 * MIB, "NanoCpus": 500_000_000, "PortBindings": {"8080/tcp": [{}]}, **more},
    }  # fmt: skip
    return from_container(inspect, log, stats, metrics)


def pod(
    state=None,
    last=None,
    restarts=0,
    events=(),
    log="",
    ready=False,
    port=8080,
    probe="http",
    phase="Running",
    **status,
):
    return from_pod(
        {
            "metadata": {"name": "churn-model-7d9f-x2k", "namespace": "ml"},
            "spec": {"containers": [{
                "name": "service", "image": "registry.example.com/churn-model:v2", "env": [{"name": "PORT", "value": "8080"}],
                "ports": [{"name": "http", "containerPort": port}], "resources": {"limits": {"memory": "96Mi", "cpu": "500m"}},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": probe}},
            }]},
            "status": {"phase": phase, "containerStatuses": [
                {"name": "service", "ready": ready, "restartCount": restarts, "state": state or {"running": {}},
                 "lastState": last or {}}
            ] if phase != "Pending" else [], **status},
        },
        [{"reason": r, "message": m} for r, m in events], log,
    )  # fmt: skip


def ended(code, log=""):
    return container({"Status": "exited", "ExitCode": code}, log)


BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=service"}}
PULL = {
    "waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry.example.com/churn-model:v2"'}
}
STATS = {"cpu_stats": {"throttling_data": {"periods": 200, "throttled_periods": 120}}}
UNPROCESSABLE = (
    'model_requests_total{path="/predict",status="422"} 40.0\nmodel_requests_total{path="/predict",status="200"} 60.0\n'
)
REFUSED = (
    'model_requests_total{path="/predict",status="503"} 10.0\nmodel_requests_total{path="/predict",status="200"} 60.0\n'
)
NOT_STARTED = (
    '{"level": "error", "message": "not started", "reason": "numpy 2.1 is installed, but the model needs 2.4"}'
)
TRACE = "Traceback (most recent call last):\n  File x\nValueError: PORT must be a whole number above 0, not 'http'\n"

CASES = [
    (container({"Status": "exited", "ExitCode": 137, "OOMKilled": True}), "out-of-memory", "OOMKilled true", {"memory": "192Mi"}),
    (container({"Status": "restarting", "ExitCode": 1}, TRACE, restarts=6), "crash", "ValueError: PORT must", {}),
    (ended(127, "sh: 1: uvicron: not found"), "crash", "uvicron: not found", {}),
    (ended(1, NOT_STARTED), "wrong-model", "numpy 2.1 is installed", {}),
    (ended(1, "ModuleNotFoundError: No module named 'uvloop'"), "missing-module", "uvloop", {}),
    (ended(1, "exec /usr/bin/python: exec format error"), "wrong-architecture", "exec format", {}),
    (ended(1, "OSError: [Errno 30] Read-only file system: '/srv/x'"), "not-writable", "/srv/x", {}),
    (container({"Status": "created", "Error": "port is already allocated"}), "configuration", "already allocated", {}),
    (container(PortBindings={"9000/tcp": [{}]}), "port-mismatch", "PORT=8080", {"port": 8080}),
    (container({"Health": {"Status": "unhealthy", "Log": [{"Output": "timed out"}]}}), "probe", "timed out", {}),
    (container(stats=STATS), "throttled", "throttled in 120 of 200 periods", {"cpu": "1"}),
    (container(metrics=UNPROCESSABLE), "wrong-requests", "40 of 100 prediction requests", {}),
    (container(metrics=REFUSED), "overloaded", "10 of 70", {}),
    (pod(PULL, events=[("Failed", 'Failed to pull image "x": 401 Unauthorized')]), "image-pull", "401 Unauthorized", {}),
    (pod(PULL, events=[("Failed", "Failed to pull image: manifest unknown: not found")]), "image-pull", "manifest unknown", {}),
    (pod(PULL, events=[("Failed", "Failed to pull image: dial tcp: lookup r: no such host")]), "image-pull", "no such host", {}),
    (pod(BACK_OFF, {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, 9), "out-of-memory", "96Mi", {"memory": "160Mi"}),
    (pod(BACK_OFF, {"terminated": {"exitCode": 1, "reason": "Error"}}, 9, log=TRACE), "crash", "9 restarts", {}),
    (pod({"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "churn-secrets" not found'}}), "configuration",
     "churn-secrets", {}),
    (pod(phase="Pending", events=[("FailedScheduling", "0/3 nodes are available: 3 Insufficient memory.")]), "not-scheduled",
     "Insufficient memory", {}),
    (pod(probe=9000, events=[("Unhealthy", "Readiness probe failed: connect: connection refused")]), "port-mismatch", "9000",
     {"port": 8080}),
    (pod(restarts=4, events=[("Unhealthy", "Liveness probe failed: context deadline exceeded")]), "probe-kills", "deadline", {}),
    (pod(events=[("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]), "probe", ": 503", {}),
    (pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."), "evicted", "low on resource", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "cause", "quoted", "change"), CASES, ids=[f"{c[0].place}-{c[1]}-{n}" for n, c in enumerate(CASES)]
)
def test_one_cause_is_named_with_the_words_that_show_it(seen, cause, quoted, change):
    found = diagnose(seen)
    assert found is not None
    assert found.id == cause
    assert any(quoted in q.text for q in found.evidence), found.evidence
    assert found.change == change
    assert found.fix
    assert seen.name in found.sentence


def test_a_healthy_container_has_no_cause():
    assert diagnose(container({"Health": {"Status": "healthy", "Log": []}})) is None
    assert diagnose(pod(ready=True)) is None


def test_what_the_proof_measured_sizes_the_remedy():
    killed = container({"Status": "exited", "ExitCode": 137, "OOMKilled": True})
    assert diagnose(killed, {"memory_limit": "208Mi"}).change == {"memory": "208Mi"}
    assert diagnose(killed, {"memory_limit": "64Mi"}).change == {"memory": "192Mi"}  # it needed more than that
    slow = pod(restarts=4, events=[("Unhealthy", "Startup probe failed: connection refused")])
    assert "allow 36 s" in diagnose(slow, {"startup_seconds": 12.0}).fix


def test_memory_is_read_from_the_state_even_when_the_log_names_something_else():
    killed = container(
        {"Status": "exited", "ExitCode": 137, "OOMKilled": True}, "ModuleNotFoundError: No module named 'x'"
    )
    assert diagnose(killed).id == "out-of-memory"


def test_a_last_state_is_remembered_through_a_restart():
    seen = pod({"running": {}}, {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, 3)
    assert (seen.exit_code, seen.oom_killed, seen.memory_limit) == (137, True, 96 * MIB)
    assert seen.probe_ports == {"livenessProbe": 8080}
    assert isinstance(diagnose(seen).evidence[0], Quote)
