"""What every call of the PagerDuty sandbox shares: errors, the way to refuse, times."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from wire import Response, json_response

ERRORS = {400: (2001, "Invalid Input Provided"), 401: (2006, "Unauthorized"),
          403: (2010, "Access Denied"), 404: (2100, "Not Found"), 405: (2100, "Not Found"),
          429: (2020, "Rate Limit Exceeded")}


class Refused(Exception):
    def __init__(self, status: int, *errors: str, code: int = 0, message: str = "") -> None:
        super().__init__(message)
        self.response = error(status, *errors, code=code, message=message)


def error(status: int, *errors: str, code: int = 0, message: str = "") -> Response:
    known_code, known_message = ERRORS.get(status, (5000, "Internal Server Error"))
    body: dict[str, Any] = {"message": message or known_message, "code": code or known_code}
    if errors:
        body["errors"] = list(errors)
    return json_response(status, {"error": body})


def time_of(text: str, name: str) -> datetime:
    """A time of a query parameter; UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError as exc:
        raise Refused(400, f"{name} is not a valid time") from exc
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
