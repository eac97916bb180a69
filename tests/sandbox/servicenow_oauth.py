"""ServiceNow's OAuth 2.0 endpoint, /oauth_token.do: one application, whose user is the integration user.

Answers are those of the platform: a refusal is a 401 with "server_error" and "access_denied", whatever was wrong.
"""
from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from vendor import CLIENT_ID, CLIENT_SECRET, PASSWORD, USER
from wire import Request, Response, json_response

FORM = "application/x-www-form-urlencoded"


def _refusal(error: str, description: str) -> Response:
    return json_response(401, {"error": error, "error_description": description})


class OAuth:
    """Tokens given, and until when each is good. The caller holds the vendor's lock."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings  # token_life_s, client_credentials
        self.ends: dict[str, float] = {}

    def revoke(self) -> None:
        self.ends.clear()

    def knows(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and time.monotonic() < self.ends.get(token, 0)

    def answer(self, request: Request) -> Response:
        if request.method != "POST" or not request.headers.get("content-type", "").startswith(FORM):
            return _refusal("invalid_request", "missing parameters")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        grant = form.get("grant_type")
        if grant not in ("password", "client_credentials"):
            return _refusal("unsupported_grant_type", f"grant type {grant} is not supported")
        if grant == "client_credentials" and not self.settings.client_credentials:
            return _refusal("server_error", "access_denied")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refusal("server_error", "access_denied")
        if grant == "password" and (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return _refusal("server_error", "access_denied")
        return json_response(200, self._give(grant))

    def _give(self, grant: str) -> dict[str, Any]:
        token = f"sandbox-token-{uuid.uuid4().hex}"
        self.ends[token] = time.monotonic() + self.settings.token_life_s
        answer = {"access_token": token, "scope": "useraccount", "token_type": "Bearer",
                  "expires_in": self.settings.token_life_s}
        return answer | ({"refresh_token": uuid.uuid4().hex} if grant == "password" else {})
