"""What every call of the Jira sandbox shares: the base path, errors, the way to refuse."""
from __future__ import annotations

from typing import Any

from wire import Request, Response, json_response

API = "/rest/api/3"
MESSAGES = {
    401: "Client must be authenticated to access this resource.",
    403: "You do not have permission to perform this action.",
    404: "Issue does not exist or you do not have permission to see it.",
    409: "The issue was updated by another request at the same time.",
    410: "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.",
    429: "Rate limit exceeded.",
}


class Refused(Exception):
    """Ends a call with a status and an ErrorCollection."""

    def __init__(self, status: int, message: str = "", errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.response = error(status, message, errors)


def error(status: int, message: str = "", errors: dict[str, str] | None = None) -> Response:
    if not message and not errors:
        message = MESSAGES.get(status, "Internal server error")
    messages = [message] if message else []
    return json_response(status, {"errorMessages": messages, "errors": errors or {}})


def names_in(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object, or Refused."""
    if "json" not in request.headers.get("content-type", ""):
        raise Refused(415, "Unsupported Media Type")
    try:
        body = request.json()
    except ValueError as exc:
        raise Refused(400, "There was an error parsing JSON.") from exc
    if not isinstance(body, dict):
        raise Refused(400, "Invalid request payload. Refer to the REST API documentation.")
    return body


def number(request: Request, name: str, default: int) -> int:
    """A query parameter that is a number from 0, or Refused."""
    text = request.arg(name) or str(default)
    if not text.isdecimal():
        raise Refused(400, f"{name} takes a number.")
    return int(text)
