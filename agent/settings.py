"""Every setting: its name, type, default and meaning; read once at the door from file, environment and flags."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError

FILE = "opsmith.toml"


@dataclass(frozen=True)
class Setting:
    """One setting. `name` has a section before the dot, as in the file: approvals.expires_minutes."""

    name: str
    default: Any
    meaning: str
    file_only: bool = False  # what may happen without a question is set in the file, where a review sees it

    @property
    def variable(self) -> str:
        """The environment variable that overrides it: OPSMITH_APPROVALS_EXPIRES_MINUTES."""
        return "OPSMITH_" + self.name.upper().replace(".", "_")


SETTINGS: tuple[Setting, ...] = (
    Setting("model", "offline", "Planner: `offline`, or `openai:NAME` for OpenAI and any compatible server"),
    Setting("base_url", "", "Address of an OpenAI-compatible server; empty means OPENAI_BASE_URL or OpenAI itself"),
    Setting("timeout_seconds", 60, "Seconds to wait for one answer of a language model"),
    Setting("retries", 3, "How often a failed call to a language model is tried again"),
    Setting("max_steps", 12, "Most planner calls in one turn"),
    Setting("turn_seconds", 1800, "Longest a turn may take, in seconds"),
    Setting("turn_tokens", 60000, "Most tokens that one turn may use with a language model"),
    Setting("context_tokens", 16000, "Most tokens of earlier conversation sent to a language model"),
    Setting("result_tokens", 800, "Most tokens of one tool result sent to a language model"),
    Setting("sample_rows", 5, "Most rows of a table shown to a language model; 0 sends none"),
    Setting("user", "", "Who you are in the journal; empty means the login name"),
    Setting(
        "readable",
        [],
        "Folders, buckets and databases outside the project that may be read: /data, s3://bucket/raw, shop=postgresql://ada@db/shop",
    ),
    Setting("memory_limit", "2GB", "Memory limit of the embedded data engine"),
    Setting("engine", "duckdb", "Data engine: `duckdb`, or `spark` with the spark extra"),
    Setting("spark_master", "local[2]", "Address of the Spark cluster"),
    Setting("seed", 0, "Seed of everything that draws at random"),
    Setting("spreadsheet_safe", True, "Defuse cells that a spreadsheet would run as formulas in written CSV files"),
    Setting("phone_region", "US,GB", "Countries whose phone numbers are recognised without a country code"),
    Setting("spacy_model", "", "spaCy pipeline (name or folder) that also finds entities; nothing is downloaded"),
    Setting(
        "entity_model", "", "Language model that finds entities when asked to: `openai:NAME`; empty means the planner's"
    ),
    Setting("embedding_model_folder", "", "Folder of a sentence-transformers model for `bert` embeddings of columns"),
    Setting(
        "embedding_url", "", "OpenAI-compatible address for `endpoint` embeddings, such as http://localhost:8080/v1"
    ),
    Setting("embedding_model", "", "Name of the model at embedding_url"),
    Setting("approvals.expires_minutes", 1440, "Minutes until a waiting approval expires"),
    Setting("approvals.allow_write", [], "Folders below which writing files needs no question", file_only=True),
    Setting(
        "approvals.allow_retrain", [], "Monitors whose retraining (never promotion) needs no question", file_only=True
    ),
    Setting("approvals.two_people", False, "Whether an approver must be another person than who asked"),
    Setting("approvals.terminal_only", [], "Approval classes that only the terminal may answer"),
    Setting("store.url", "", "postgresql://… for threads, approvals and journal; empty means SQLite in .opsmith/"),
    Setting("memory.chroma_url", "", "http://host:port of a Chroma server; empty means the local index"),
    Setting(
        "memory.embeddings", "hashed", "`hashed`, `openai:NAME`, or `folder:PATH` of a sentence-transformers model"
    ),
    Setting("mlflow_tracking_uri", "", "MLflow server for models; empty means MLFLOW_TRACKING_URI or models/"),
    Setting("joblib_backend", "loky", "Where training runs in parallel: `loky`, or `dask` (`dask:tcp://HOST:PORT`)"),
    Setting("optuna_storage", "", "Database of tuning runs; empty means SQLite in .opsmith/"),
    Setting("features_seconds", 60, "Seconds that a search for features may take"),
    Setting("country", "", "Two letters of a country, whose public holidays become features of dates"),
    Setting(
        "drift.classifier_always", False, "Train the domain classifier also where single columns or pairs moved surely"
    ),
    Setting("drift.psi", 0.1, "Population stability index from which a column counts as drifted"),
    Setting("telemetry.exporter", "", "OpenTelemetry exporter: empty for off, `console`, `otlp` or `memory`"),
    Setting("alerts.webhook_url", "", "Address that alerts are posted to"),
    Setting(
        "alerts.smtp_url", "", "smtp://user@host:port for alerts by mail; the password comes from OPSMITH_SMTP_PASSWORD"
    ),
    Setting("alerts.email_to", "", "Who gets alerts by mail"),
    Setting("alerts.quiet_hours", "", "Hours without alerts, such as 22-7"),
    Setting("slack.teams", [], "Slack workspaces (team ids) that may talk to Opsmith"),
    Setting(
        "slack.channels", [], "Slack channels that may talk to Opsmith; empty means every channel it is invited to"
    ),
    Setting("slack.viewers", [], "Slack users who may ask and read; empty means every member of the workspace"),
    Setting("slack.operators", [], "Slack users who may ask for changes; empty means every viewer"),
    Setting(
        "slack.approvers", [], "Slack users who may approve: U0ADA for all, U0ADA:train for one class; empty: nobody"
    ),
    Setting("slack.people", [], "Who Slack users are in the terminal, such as U0ADA=ada; for approvals by two people"),
    Setting("slack.bots", [], "Slack bots that are answered, read-only; all others are ignored"),
    Setting("slack.alert_channel", "", "Slack channel for alerts of monitors"),
    Setting("slack.max_file_mb", 50, "Largest file taken from Slack, in MB"),
    Setting("slack.mode", "socket", "`socket`, or `http` behind a public address"),
    Setting("slack.host", "127.0.0.1", "Address that the http mode listens on, behind a proxy that ends TLS"),
    Setting("slack.port", 3000, "Port of the http mode"),
    Setting("slack.turns", 2, "Turns that one worker carries out at the same time"),
    Setting("slack.close_hours", 72, "Hours without a word after which a thread counts as closed"),
)


@dataclass(frozen=True)
class Value:
    """A setting's value and where it came from."""

    name: str
    value: Any
    source: str
    meaning: str


@dataclass(frozen=True)
class Settings:
    """All settings of a project, read once."""

    project: Path
    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Any:
        return self.values[name].value

    def flat(self) -> dict[str, Any]:
        """Plain name -> value, as tools get them."""
        return {name: v.value for name, v in self.values.items()}

    def listed(self) -> list[dict[str, Any]]:
        """Name, value, source and meaning of each, for /settings and the doctor."""
        return [
            {"name": v.name, "value": v.value, "source": v.source, "meaning": v.meaning} for v in self.values.values()
        ]

    def user(self) -> str:
        """Who acts here: the setting, else the login name."""
        import getpass

        if self["user"]:
            return str(self["user"])
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "someone"


def load(project: Path, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a project: defaults, then opsmith.toml, then environment, then flags.

    Raises ToolError for an unknown name (with the nearest one), a wrong type, or a file that is not TOML.
    """
    environ = os.environ if environ is None else environ
    known = {s.name: s for s in SETTINGS}
    values = {s.name: Value(s.name, s.default, "default", s.meaning) for s in SETTINGS}
    for name, given in _from_file(project / FILE).items():
        setting = _known(name, known, FILE)
        values[name] = Value(name, _typed(setting, given, FILE), FILE, setting.meaning)
    for setting in SETTINGS:
        if environ.get(setting.variable):
            if setting.file_only:
                raise ToolError(f"{setting.variable} is set, but {setting.name} counts only in {FILE}. Write it there.")
            text = environ[setting.variable]
            values[setting.name] = Value(
                setting.name, _typed(setting, text, setting.variable), setting.variable, setting.meaning
            )
    for name, given in (flags or {}).items():
        if given is not None:
            setting = _known(name, known, "the command line")
            values[name] = Value(name, _typed(setting, given, name), "command line", setting.meaning)
    return Settings(project.resolve(), values)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(
            f"{path.name} is not valid TOML: {error}. Mend it, or move it away to use the defaults."
        ) from None
    flat: dict[str, Any] = {}
    for name, value in read.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": v for inner, v in value.items()})
        else:
            flat[name] = value
    return flat


def _known(name: str, known: Mapping[str, Setting], where: str) -> Setting:
    if name in known:
        return known[name]
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f" Did you mean {near[0]}?" if near else " `opsmith doctor` lists all of them."
    raise ToolError(f"{where} sets {name!r}, which is no setting.{hint}")


def _typed(setting: Setting, given: Any, where: str) -> Any:
    wanted = type(setting.default)
    try:
        if wanted is bool:
            return (
                given
                if isinstance(given, bool)
                else {"true": True, "1": True, "false": False, "0": False}[given.lower()]
            )
        if wanted is list:
            return (
                list(given) if isinstance(given, list) else [part.strip() for part in given.split(",") if part.strip()]
            )
        if wanted is float:
            return float(given)
        if wanted is int and not isinstance(given, bool):
            return int(given)
        if wanted is str and isinstance(given, str):
            return given
    except (KeyError, ValueError, AttributeError, TypeError):
        pass
    raise ToolError(f"{where} gives {setting.name} the value {given!r}; it takes a {_WORDS[wanted]}.")


_WORDS = {bool: "true or false", list: "list of texts", float: "number", int: "whole number", str: "text"}
