"""The prediction log: what a model was asked, what it answered, and, later, what really happened.

One folder a model, `prediction_log/MODEL/`: predictions as `predictions-*.parquet` or `.jsonl` (one file a day or an
hour, appended or added by the service), outcomes as `outcomes-*.parquet` or `.jsonl`. Columns:
predictions: request_id, time (UTC), model, version, in_COLUMN one each, prediction, score (may be absent), latency_ms.
outcomes: request_id, time (UTC), outcome. A later outcome for the same request replaces an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.table import Table, quoted

if TYPE_CHECKING:
    import duckdb

FOLDER = "prediction_log"
INPUT = "in_"
REQUIRED = ("request_id", "time", "prediction")


def folder(project: Path, model: str) -> Path:
    """Where a model's log lies; ToolError when the name leads elsewhere."""
    base = (project / FOLDER).resolve()
    path = (base / model).resolve()
    if path.parent != base:
        raise ToolError(f"{model!r} cannot be a model's name.")
    return path


def exists(project: Path, model: str) -> bool:
    """Whether a model has a prediction log with at least one file."""
    return bool(_files(folder(project, model), "predictions"))


def record(request_id: str, prediction: Any, inputs: Mapping[str, Any], *, model: str, version: int | str,
           time: datetime, score: float | None = None, latency_ms: float | None = None) -> dict[str, Any]:  # fmt: skip
    """One prediction as a row of the log."""
    row = {"request_id": request_id, "time": _utc(time), "model": model, "version": str(version)}
    row |= {INPUT + name: value for name, value in inputs.items()}
    return row | {"prediction": prediction, "score": score, "latency_ms": latency_ms}


def open_log(context: Context, model: str, since: datetime | None = None, until: datetime | None = None) -> Table:
    """The log as a table `data`: inputs under their own names, `prediction`, `score`, `time`, and `outcome` (empty
    until it is known). Repeated request ids count once, the newest. ToolError when there is no log.
    """
    import duckdb

    place = folder(context.project, model)
    if not _files(place, "predictions"):
        raise ToolError(
            f"{model} has no prediction log ({FOLDER}/{model}/ holds no predictions). "
            "The service writes it; or name a table of new data as current."
        )
    connection = duckdb.connect(config={"memory_limit": str(context.settings.get("memory_limit", "2GB"))})
    try:
        _view(connection, place, "predictions", "_predictions")
        names = [r[0] for r in connection.execute("DESCRIBE _predictions").fetchall()]
        lacking = [n for n in REQUIRED if n not in names]
        if lacking:
            raise ToolError(f"The prediction log of {model} lacks {', '.join(lacking)}; see docs/MONITORING.md.")
        _view(connection, place, "outcomes", "_outcomes")
        connection.execute(_joined(names, since, until))
    except duckdb.Error as error:
        connection.close()
        raise ToolError(f"The prediction log of {model} cannot be read: {str(error).splitlines()[0]}") from None
    except ToolError:
        connection.close()
        raise
    return Table(f"{FOLDER}/{model}", place, connection)


def _joined(names: list[str], since: datetime | None, until: datetime | None) -> str:
    inputs = [n for n in names if n.startswith(INPUT)]
    plain = {n[len(INPUT) :] for n in inputs}
    own = [n for n in names if n not in inputs and n not in plain and n != "time" and n != "request_id"]
    chosen = [f"p.{quoted(n)} AS {quoted(n[len(INPUT) :])}" for n in inputs] + [f"p.{quoted(n)}" for n in own]
    within = "".join(
        f" AND time {sign} TIMESTAMP '{_utc(moment)[:19]}'" for sign, moment in ((">=", since), ("<", until)) if moment
    )
    return f"""CREATE VIEW data AS
        WITH p AS (SELECT * REPLACE (CAST(request_id AS VARCHAR) AS request_id, CAST(time AS TIMESTAMP) AS time)
                   FROM _predictions WHERE request_id IS NOT NULL),
             asked AS (SELECT * FROM p WHERE true{within}
                       QUALIFY row_number() OVER (PARTITION BY request_id ORDER BY time DESC) = 1),
             known AS (SELECT CAST(request_id AS VARCHAR) AS request_id, outcome, CAST(time AS TIMESTAMP) AS known_at
                       FROM _outcomes WHERE request_id IS NOT NULL
                       QUALIFY row_number() OVER (PARTITION BY CAST(request_id AS VARCHAR) ORDER BY time DESC) = 1)
        SELECT p.request_id, p.time, {", ".join([*chosen, "k.outcome", "k.known_at"])}
        FROM asked p LEFT JOIN known k USING (request_id) ORDER BY p.time"""


def _view(connection: duckdb.DuckDBPyConnection, place: Path, kind: str, name: str) -> None:
    """A view over all parts of one kind, Parquet and JSON lines together; empty when there are none."""
    parts = []
    for ending, reader in (("parquet", "read_parquet([{}], union_by_name=true)"),
                           ("jsonl", "read_json([{}], format='newline_delimited', union_by_name=true, "
                                     "ignore_errors=true)")):  # fmt: skip
        listed = ", ".join("'" + str(p).replace("'", "''") + "'" for p in _files(place, kind, ending))
        if listed:
            parts.append("SELECT * FROM " + reader.format(listed))
    empty = "SELECT NULL::VARCHAR AS request_id, NULL::TIMESTAMP AS time, NULL::VARCHAR AS outcome WHERE false"
    connection.execute(f"CREATE VIEW {name} AS " + (" UNION ALL BY NAME ".join(parts) or empty))


def _files(place: Path, kind: str, ending: str = "") -> list[Path]:
    if not place.is_dir():
        return []
    return sorted(
        p
        for p in place.rglob(f"{kind}*")
        if p.suffix in (".parquet", ".jsonl") and p.suffix.endswith(ending) and p.stat().st_size
    )


def _utc(moment: datetime) -> str:
    return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat() + "Z"
