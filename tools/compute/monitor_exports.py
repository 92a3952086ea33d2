"""A monitor for schedulers that are there already: Kubernetes CronJob, Airflow DAG, GitHub Actions; a Grafana dashboard."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data.monitors import Monitor
from opsmith.tools.data.schedules import parse

_SPOKEN = {
    "k8s": "cronjob", "kubernetes": "cronjob", "cronjob": "cronjob", "airflow": "airflow", "dag": "airflow",
    "github": "github", "actions": "github", "github_actions": "github", "grafana": "grafana", "dashboard": "grafana",
}  # fmt: skip


def exports(monitor: Monitor, artifacts: Sequence[str]) -> dict[str, str]:
    """Project-relative path -> text for each artefact: k8s, airflow, github, grafana. ToolError for an unknown one."""
    files: dict[str, str] = {}
    for artifact in artifacts:
        kind = _SPOKEN.get(artifact.strip().lower().replace(" ", "_"))
        if kind is None:
            raise ToolError(f"A monitor cannot be written as {artifact!r}. There are k8s, airflow, github and grafana.")
        files |= _MAKERS[kind](monitor)
    return files


def _cronjob(monitor: Monitor) -> dict[str, str]:
    name = _dns(monitor.name)
    container = {
        "name": "monitor",
        "image": "opsmith:latest",
        "command": ["opsmith", "--project", "/project", "monitor", "run", monitor.name],
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "project", "mountPath": "/project"}],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "project", "persistentVolumeClaim": {"claimName": "opsmith-project"}}],
    }  # fmt: skip
    job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"opsmith-monitor-{name}", "labels": {"app.kubernetes.io/name": "opsmith-monitor"}},
        "spec": {
            "schedule": parse(monitor.schedule).cron(),
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "suspend": not monitor.enabled,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"backoffLimit": 0, "activeDeadlineSeconds": 3600, "template": {"spec": pod}}},
        },
    }
    return {f"deploy/monitors/{name}-cronjob.yaml": _yaml(job)}


def _airflow(monitor: Monitor) -> dict[str, str]:
    name = _dns(monitor.name).replace("-", "_")
    shell = f'opsmith --project "$OPSMITH_PROJECT" monitor run {shlex.quote(monitor.name)}'
    text = f'''"""Run the Opsmith monitor {name}; exit code 5 means a breach, and fails the task so that it is seen."""

from datetime import datetime, timezone

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id={"opsmith_monitor_" + name!r},
    schedule={parse(monitor.schedule).cron()!r},
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["opsmith"],
):
    BashOperator(task_id="check", bash_command={shell + " "!r}, append_env=True)
'''
    return {f"dags/opsmith_monitor_{name}.py": text}


def _github(monitor: Monitor) -> dict[str, str]:
    name = _dns(monitor.name)
    kept = {
        "path": ".opsmith/monitors",
        "key": f"opsmith-{name}-${{{{ github.run_id }}}}",
        "restore-keys": f"opsmith-{name}-",
    }
    workflow: dict[str, Any] = {
        "name": f"monitor {monitor.name}",
        "on": {"schedule": [{"cron": parse(monitor.schedule).cron()}], "workflow_dispatch": {}},
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"opsmith-monitor-{name}", "cancel-in-progress": False},
        "jobs": {
            "check": {
                "runs-on": "ubuntu-latest",
                "timeout-minutes": 60,
                "steps": [
                    {"uses": "actions/checkout@v4"},
                    {"uses": "actions/setup-python@v5", "with": {"python-version": "3.12"}},
                    {"uses": "actions/cache@v4", "with": kept},
                    {"run": "pip install 'opsmith[ml,monitor]'"},
                    {"run": f"opsmith monitor run {shlex.quote(monitor.name)}"},
                    {"if": "always()", "uses": "actions/upload-artifact@v4",
                     "with": {"name": "drift-report", "path": ".opsmith/reports", "include-hidden-files": True}},
                ],
            }
        },
    }  # fmt: skip
    return {f".github/workflows/opsmith-monitor-{name}.yml": _yaml(workflow)}


def _grafana(monitor: Monitor) -> dict[str, str]:
    """One dashboard for all monitors, over the metrics that `opsmith monitor run --port` serves."""

    def panel(number: int, title: str, *queries: tuple[str, str], kind: str = "timeseries") -> dict[str, Any]:
        return {
            "id": number, "title": title, "type": kind, "datasource": {"type": "prometheus", "uid": "${source}"},
            "gridPos": {"h": 8, "w": 12, "x": 12 * ((number - 1) % 2), "y": 8 * ((number - 1) // 2)},
            "targets": [{"refId": chr(65 + i), "expr": e, "legendFormat": name} for i, (e, name) in enumerate(queries)],
        }  # fmt: skip

    dashboard = {
        "title": "Opsmith monitors",
        "uid": "opsmith-monitors",
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "type": "datasource", "query": "prometheus"},
                {"name": "monitor", "type": "query", "datasource": {"type": "prometheus", "uid": "${source}"}, "includeAll": True,
                 "multi": True, "query": "label_values(opsmith_monitor_enabled, monitor)", "refresh": 2},
            ]
        },
        "panels": [
            panel(1, "Figures and thresholds", ('opsmith_monitor_value{monitor=~"$monitor"}', "{{monitor}} {{metric}}"),
                  ('opsmith_monitor_threshold{monitor=~"$monitor"}', "{{monitor}} {{metric}} threshold")),
            panel(2, "Breaches in a row", ('opsmith_monitor_breaches_in_a_row{monitor=~"$monitor"}', "{{monitor}}")),
            panel(3, "State of the last run",
                  ('opsmith_monitor_state{monitor=~"$monitor"} == 1', "{{monitor}}: {{state}}"), kind="stat"),
            panel(4, "Seconds since the last run",
                  ('time() - opsmith_monitor_last_run_timestamp_seconds{monitor=~"$monitor"}', "{{monitor}}")),
        ],
    }  # fmt: skip
    return {"grafana/opsmith-monitors.json": json.dumps(dashboard, indent=2) + "\n"}


_MAKERS = {"cronjob": _cronjob, "airflow": _airflow, "github": _github, "grafana": _grafana}


def _dns(name: str) -> str:
    """A name that Kubernetes takes: lower case letters, digits and dashes, at most 40."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return plain or "monitor"


def _yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000)
