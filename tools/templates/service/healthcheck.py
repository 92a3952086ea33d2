"""Ask /readyz over a bare socket and end with 0 or 1: a container health check that costs a few milliseconds of CPU."""

import os
import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", int(os.environ.get("PORT", "8080"))), 3) as ask:
        ask.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        sys.exit(0 if b" 200 " in ask.recv(64) else 1)
except OSError:
    sys.exit(1)
