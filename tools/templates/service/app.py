"""The web application: /predict with named columns, the V2 paths, /outcomes, health and metrics."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response

from . import logs, open_inference
from .limits import Limits
from .metrics import Metrics
from .model import Answers, Model
from .prediction_log import PredictionLog
from .settings import Settings
from .signature import Invalid

IN_LOOP_MS = 5.0  # quicker answers are computed in the event loop: handing them to a thread would cost more
ID = re.compile(r"[A-Za-z0-9._-]{1,120}")


def create_app(settings: Settings) -> Any:
    """The application with its model loaded and warm. Raises NotTrusted when the model is not the one that was checked."""
    model = Model(settings.model_folder)
    metrics = Metrics(model.name, model.version)
    log = PredictionLog(
        settings.prediction_log, model.name, model.version, settings.prediction_log_bytes, metrics.logged
    )
    state = {"ready": True}

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        logs.say("info", "ready", model=model.name, version=model.version, format=model.manifest["format"],
                 milliseconds=round(model.milliseconds[0], 3), prediction_log=log.on)  # fmt: skip
        yield
        state["ready"] = False
        log.close()
        logs.say("info", "stopped")

    app = FastAPI(title=f"{model.name} version {model.version}", version=model.version, lifespan=life,
                  docs_url=None, redoc_url=None)  # fmt: skip
    rows_schema = {"type": "object", "properties": {"rows": {"type": "array", "items": model.signature.schema()}}}
    described = {"requestBody": {"required": True, "content": {"application/json": {"schema": rows_schema}}}}

    async def answer(rows: list[Any], began: float, request_id: str) -> tuple[list[str], Answers]:
        """Check, predict, log."""
        if not rows:
            raise Invalid([], 'there are no rows: send {"rows": [{"column": value, ...}]}')
        if len(rows) > settings.max_rows:
            raise Invalid([], f"{len(rows):,} rows were sent, at most {settings.max_rows:,} are taken at once")
        columns = model.signature.check(rows)
        if model.expected_milliseconds(len(rows)) <= IN_LOOP_MS:
            answers = model.predict(columns)
        else:
            answers = await asyncio.to_thread(model.predict, columns)
        seconds = time.perf_counter() - began
        ids = [request_id] if len(rows) == 1 else [f"{request_id}-{n}" for n in range(len(rows))]
        log.add(ids, columns, answers, 1000 * seconds)
        metrics.predicted(len(rows), seconds)
        return ids, answers

    @app.post("/predict", openapi_extra=described)
    async def predict(request: Request) -> Response:
        """Predict for rows of named columns."""
        began, request_id = time.perf_counter(), _request_id(request)
        ids, answers = await answer(_rows(_json(await request.body())), began, request_id)
        made = []
        for number, row_id in enumerate(ids):
            one: dict[str, Any] = {"request_id": row_id, "prediction": answers.predictions[number]}
            if answers.scores is not None:
                one["score"] = answers.scores[number]
            elif answers.probabilities is not None:
                one["probabilities"] = dict(zip(map(str, model.classes), answers.probabilities[number], strict=True))
            made.append(one)
        return _answer({"model": model.name, "version": model.version, "predictions": made})

    @app.post("/outcomes", status_code=202)
    async def outcomes(request: Request) -> Response:
        """Take what really happened, by request_id, for the prediction log."""
        body = _json(await request.body())
        given = body.get("outcomes", [body]) if isinstance(body, dict) else body
        if not isinstance(given, list) or not all(_is_outcome(o) for o in given):
            raise Invalid([], 'send {"outcomes": [{"request_id": "...", "outcome": value}, ...]}')
        if not log.on:
            return _answer({"error": "the prediction log is off, so outcomes cannot be kept"}, 503)
        if not log.add_outcomes(given):
            return _answer({"error": "too many rows wait to be written"}, 503, {"retry-after": "1"})
        return _answer({"accepted": len(given)}, 202)

    @app.get("/healthz")
    @app.get("/v2/health/live")
    async def live() -> Response:
        """The process answers."""
        return _answer({"live": True})

    @app.get("/readyz")
    @app.get("/v2/health/ready")
    async def ready() -> Response:
        """The model is loaded and may be asked."""
        return _answer({"ready": state["ready"]}, 200 if state["ready"] else 503)

    @app.get("/metrics")
    async def figures() -> Response:
        """Figures for Prometheus."""
        return Response(metrics.text(model.signature.unseen), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/v2")
    async def server() -> Response:
        """Server metadata of the Open Inference Protocol."""
        return _answer({"name": "fastapi", "version": model.version, "extensions": []})

    @app.get("/v2/models/{name}")
    @app.get("/v2/models/{name}/versions/{version}")
    async def about(name: str, version: str = model.version) -> Response:
        """Model metadata."""
        return _answer(open_inference.metadata(model)) if _is(name, version) else _no_model(name, version)

    @app.get("/v2/models/{name}/ready")
    @app.get("/v2/models/{name}/versions/{version}/ready")
    async def model_ready(name: str, version: str = model.version) -> Response:
        """Whether that model may be asked."""
        return _answer({"name": name, "ready": True}) if _is(name, version) else _no_model(name, version)

    @app.post("/v2/models/{name}/infer")
    @app.post("/v2/models/{name}/versions/{version}/infer")
    async def infer(request: Request, name: str, version: str = model.version) -> Response:
        """Predict for tensors named by column."""
        began = time.perf_counter()
        if not _is(name, version):
            return _no_model(name, version)
        body = _json(await request.body())
        given = str(body.get("id", "")) if isinstance(body, dict) else ""
        request_id = given if len(given) <= 100 and ID.fullmatch(given) else _request_id(request)
        _, answers = await answer(open_inference.rows_of(body, model.signature), began, request_id)
        return _answer(open_inference.response(model, answers, request_id))

    def _is(name: str, version: str) -> bool:
        return name == model.name and version == model.version

    def _no_model(name: str, version: str) -> Response:
        return _answer({"error": f"this service answers for {model.name} version {model.version} only"}, 404)

    @app.exception_handler(Invalid)
    async def invalid(_: Request, error: Invalid) -> Response:
        return _answer({"error": str(error), "problems": error.problems}, 422)

    limited: Any = Limits(app, most_bytes=settings.max_body_bytes, most_under_way=settings.max_queue,
                          access_log=settings.access_log, metrics=metrics)  # fmt: skip
    return limited


def _rows(body: Any) -> list[Any]:
    """The rows of a body: {"rows": [...]}, a list of rows, or one row by itself."""
    if isinstance(body, dict) and set(body) == {"rows"} and isinstance(body["rows"], list):
        return body["rows"]
    return body if isinstance(body, list) else [body]


def _json(body: bytes) -> Any:
    def no_number(text: str) -> Any:
        raise Invalid([], f"{text} is no JSON number; send null for a missing value")

    try:
        return json.loads(body, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise Invalid([], f"the body is no JSON: {error}") from None


def _is_outcome(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("request_id"), str)
        and bool(ID.fullmatch(given["request_id"]))
        and isinstance(given.get("outcome"), (str, int, float, bool))
    )


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if len(given) <= 100 and ID.fullmatch(given) else uuid.uuid4().hex


def _answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(content), status, headers, "application/json")
