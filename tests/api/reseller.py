"""A partner as tests play it: it books through its own API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.partners.models import Partner

GUEST = {
    "first_name": "Demo",
    "last_name": "Diver",
    "email": "diver@example.com",
    "phone": "+66812345678",
}


@dataclass
class Reseller:
    """Calls with its key. `ok` answers the JSON and demands success."""

    client: FlaskClient
    key: str
    partner: Partner
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.key}", **self.headers, **headers}
        named = {name.replace("_", "-"): value for name, value in sent.items()}
        given = {} if json is None else {"json": json}
        return self.client.open(f"/api/partner{path}", method=method, headers=named, **given)

    def ok(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        response = self.call(method, path, json, **headers)
        assert response.status_code < 300, response.text
        return response.json

    def refused(self, method: str, path: str, json: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a refusal."""
        response = self.call(method, path, json, **headers)
        assert response.status_code >= 400, response.text
        assert response.json is not None
        return response.status_code, response.json["code"]
