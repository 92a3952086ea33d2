"""What the generated service promises to whatever runs it: paths, variables, user, writable folders."""

LIVE_PATH = "/healthz"
READY_PATH = "/readyz"
METRICS_PATH = "/metrics"
PORT_VARIABLE = "PORT"
LOG_VARIABLE = "PREDICTION_LOG"
LOG_FOLDER = "/var/lib/predictions"
THREADS_VARIABLE = "OMP_NUM_THREADS"
QUEUE_VARIABLE = "MAX_QUEUE"
USER = 10001
