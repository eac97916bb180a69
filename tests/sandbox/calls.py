"""The log of calls: who asked what, when (monotonic ms), and what became of it."""
from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import IO, Any

from wire import Request

KEPT_CALLS = 100_000
MAX_LOGGED_BODY = 65536
LOGGED_HEADERS = ("accept", "accept-language", "content-type", "from", "host", "user-agent")


def _readable(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body[:MAX_LOGGED_BODY].decode("utf-8", "replace")


class CallLog:
    """Keeps the last calls in memory and, if a file is given, appends each as one JSON line.

    Authorization headers are never kept."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self.lock = threading.Lock()
        self.rows: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.file = file
        self.count = 0

    def add(self, vendor: str, request: Request, status: int, fault: str = "") -> None:
        """`status` 0 means that the client got no complete status line."""
        row = {
            "vendor": vendor, "method": request.method, "path": request.path,
            "query": request.query, "status": status, "fault": fault,
            "t_ms": round(request.t_ms, 3), "end_ms": round(time.monotonic() * 1000, 3),
            "headers": {n: request.headers[n] for n in LOGGED_HEADERS if n in request.headers},
            "body": _readable(request.body),
        }
        with self.lock:
            self.count += 1
            row["n"] = self.count
            self.rows.append(row)
            if self.file:
                self.file.write(json.dumps(row, ensure_ascii=False) + "\n")
                self.file.flush()

    def list(self, vendor: str = "", method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Of that vendor, with that method and with that in the path."""
        with self.lock:
            return [row for row in self.rows if vendor in ("", row["vendor"]) and method in ("", row["method"])
                    and path in row["path"]]

    def reset(self) -> None:
        with self.lock:
            self.rows.clear()
            self.count = 0
