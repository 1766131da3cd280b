"""A service that only says it is ready: stands in for the real ones where the stack itself is under test."""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Answer(BaseHTTPRequestHandler):
    """Answer every GET with what the service was told, names alone, and who the gateway says is asking."""

    def do_GET(self) -> None:
        """Answer."""
        content = {
            "path": self.path,
            "names": sorted(name for name in os.environ if name.startswith(("MEMBER_", "POINTS_"))),
            "client": self.headers.get_all("X-Client-Address"),
            "forwarded": self.headers.get_all("X-Forwarded-For"),
        }
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main(prefix: str) -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", int(os.environ[f"{prefix}_HTTP_PORT"])), Answer).serve_forever()
