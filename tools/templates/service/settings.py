"""What can be set from outside, all of it by environment variables, read once at the start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Sizes are in bytes, counts in requests or rows."""

    host: str = "0.0.0.0"
    port: int = 8080
    log_level: str = "info"
    access_log: bool = False  # one line a request costs about a tenth of its CPU time
    model_folder: Path = Path("model")
    prediction_log: Path = Path("/var/lib/predictions")
    prediction_log_bytes: int = 1 << 30  # the oldest files go beyond that
    max_body_bytes: int = 1 << 20
    max_rows: int = 1000
    max_queue: int = 64  # requests under way; more are refused with 503

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process; ValueError names the variable that is no number."""
        return cls(
            host=os.environ.get("HOST", cls.host),
            port=_whole("PORT", cls.port),
            log_level=os.environ.get("LOG_LEVEL", cls.log_level).lower(),
            access_log=os.environ.get("ACCESS_LOG", "0").lower() in ("1", "true", "yes"),
            model_folder=Path(os.environ.get("MODEL_FOLDER", Path(__file__).resolve().parent.parent / "model")),
            prediction_log=Path(os.environ.get("PREDICTION_LOG", cls.prediction_log)),
            prediction_log_bytes=_whole("PREDICTION_LOG_BYTES", cls.prediction_log_bytes),
            max_body_bytes=_whole("MAX_BODY_BYTES", cls.max_body_bytes),
            max_rows=_whole("MAX_ROWS", cls.max_rows),
            max_queue=_whole("MAX_QUEUE", cls.max_queue),
        )


def _whole(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)
