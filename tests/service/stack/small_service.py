"""A service that only says it is ready: stands in for the real ones where the stack itself is under test."""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Answer(BaseHTTPRequestHandler):
    """Answer every GET with what the service was told, names alone, and who the gateway says is asking."""

    def __init__(self, service: str, *args: Any) -> None:
        self._service = service
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer; of problems only the own ones are known."""
        content = {
            "path": self.path,
            "service": self._service,
            "names": sorted(name for name in os.environ if name.startswith(("MEMBER_", "POINTS_"))),
            "client": self.headers.get_all("X-Client-Address"),
            "forwarded": self.headers.get_all("X-Forwarded-For"),
        }
        text = json.dumps(content).encode()
        foreign = self.path.startswith("/problems/") and self._service not in self.path
        self.send_response(404 if foreign else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main(service: str) -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ[f"{service.upper()}_HTTP_PORT"])
    ThreadingHTTPServer(("127.0.0.1", port), partial(Answer, service)).serve_forever()
