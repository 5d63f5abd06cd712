"""A reseller as tests play it: it sells through OCTO."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Octo:
    """Calls with its key. `ok` answers the JSON, `refused` the code of a refusal."""

    client: FlaskClient
    key: str
    base: str = "/octo"
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, json: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **self.headers}
        given = {} if json is None else {"json": json}
        return self.client.open(f"{self.base}{path}", method=method, headers=headers, **given)

    def ok(self, method: str, path: str, json: Any = None) -> Any:
        response = self.call(method, path, json)
        assert response.status_code == 200, response.text
        assert "Octo-Capabilities" in response.headers
        return response.json

    def refused(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """The error object, without its sentence; a refusal is a 400."""
        response = self.call(method, path, json)
        assert response.status_code == 400, response.text
        body: dict[str, Any] = dict(response.get_json())
        assert body.pop("errorMessage")
        return body
