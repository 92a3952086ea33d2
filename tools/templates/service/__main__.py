"""Start the service: `python -m service`. Ends with 0 after SIGTERM, with 1 when the model is not what it should be."""

from __future__ import annotations

import signal
import sys

import uvicorn

from . import logs
from .app import create_app
from .model import NotTrusted
from .settings import Settings

GRACE_SECONDS = 20  # how long requests that are under way may take to finish once the service is told to stop


def main() -> None:
    """Load the model, listen, and stop cleanly."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    try:
        app = create_app(settings)
    except NotTrusted as error:
        logs.say("error", "not started", reason=str(error))
        sys.exit(1)
    # uvicorn raises the signal again once it has drained; as the first process of a container that must mean a clean end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        app, host=settings.host, port=settings.port, loop="uvloop", http="httptools", access_log=False, log_config=None,
        server_header=False, timeout_graceful_shutdown=GRACE_SECONDS, timeout_keep_alive=75,
    )  # fmt: skip


if __name__ == "__main__":
    main()
