"""Jira's rate limits: bursts per endpoint and method, and writes to one issue."""
from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from datetime import datetime, timedelta, timezone

from wire import Response

BURST, PER_ISSUE = "jira-burst-based", "jira-per-issue-on-write"
SHORT_S, LONG_S = 2.0, 30.0


def _reset_time(seconds: float) -> str:
    at = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%MZ")


def quota_headers(limit: int, used: int, reset_s: float = 1.0) -> dict[str, str]:
    left = max(0, limit - used)
    near = {"X-RateLimit-NearLimit": "true"} if left * 5 < limit else {}
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": _reset_time(reset_s)} | near


def limited(response: Response, reason: str, retry_after: int, limit: int) -> Response:
    response.headers |= quota_headers(limit, limit, retry_after)
    response.headers |= {"Retry-After": str(retry_after), "RateLimit-Reason": reason}
    return response


class Limits:
    """Counts calls; each question is (seconds to wait, 0 when allowed)."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.second = 0
        self.bursts: dict[tuple[str, str], int] = {}
        self.writes: dict[int, deque[float]] = defaultdict(deque)

    def burst(self, method: str, endpoint: str) -> int:
        """Counts a call; returns how many there were in this second."""
        with self.lock:
            now = int(time.monotonic())
            if now != self.second:
                self.second, self.bursts = now, {}
            key = (method, endpoint)
            self.bursts[key] = self.bursts.get(key, 0) + 1
            return self.bursts[key]

    def write(self, issue_id: int, per_2s: int, per_30s: int) -> int:
        """Counts a write to one issue unless it is over a limit."""
        with self.lock:
            now, times = time.monotonic(), self.writes[issue_id]
            while times and now - times[0] > LONG_S:
                times.popleft()
            recent = [t for t in times if now - t <= SHORT_S]
            if len(recent) >= per_2s:
                return max(1, math.ceil(SHORT_S - (now - recent[0])))
            if len(times) >= per_30s:
                return max(1, math.ceil(LONG_S - (now - times[0])))
            times.append(now)
            return 0
