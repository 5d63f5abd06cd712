"""What people and programs are told when something does not work."""

import io
import json
import re
import sys
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.errors import Conflict, Fault, InvalidPayload, RateLimited
from app.extensions import csrf, db
from app.logs import configure_logs
from app.staff.guards import public
from app.websites.models import Website
from tests.desk import browser_of
from tests.factories import WebsiteFactory, person

pytestmark = pytest.mark.usefixtures("db_session")
HIDDEN = "guest.name@example.com"


@pytest.fixture
def failing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of an app whose login page and sync door raise what `failing.error` says."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return app.test_client()


@pytest.fixture
def log(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged during the test."""
    kept = structlog.get_config()
    lines = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", lines)
        configure_logs()
    yield lines
    structlog.configure(**kept)


def fail_with(app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    @public("a view of the test")
    def view(**_: object) -> str:
        WebsiteFactory.create(id="half-done")
        raise error

    for endpoint in ("staff.login", "api_sync.receive_booking"):
        monkeypatch.setitem(app.view_functions, endpoint, view)


def test_an_unknown_address(app: Flask) -> None:
    page = app.test_client().get("/no/such/page")
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "We cannot find this page" in page.text
    wire = app.test_client().get("/api/no/such/call")
    assert (wire.status_code, wire.get_json()["code"]) == (404, "NOT_FOUND")
    assert wire.get_json()["request_id"] == wire.headers["X-Request-Id"]
    assert wire.get_json()["success"] is False


def test_a_wrong_method(app: Flask) -> None:
    wire = app.test_client().get("/api/bookings/sync")
    assert (wire.status_code, wire.get_json()["code"]) == (405, "NOT_FOUND")
    assert "POST" in wire.headers["Allow"]
    assert app.test_client().delete("/login").status_code == 405


def test_too_much(app: Flask) -> None:
    browser = browser_of(app, person())
    answer = browser.post("/logout", data={"x": "y" * 300_000})
    assert answer.status_code == 413
    assert "That was too big" in answer.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidPayload("Bad.", [Fault("name", "Is required.")]), 400, "INVALID_PAYLOAD"),
        (Conflict("Changed."), 409, "CONFLICT"),
        (RateLimited(retry_after=7), 429, "RATE_LIMITED"),
    ],
)
def test_errors_of_ours(
    app: Flask,
    failing: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
) -> None:
    fail_with(app, monkeypatch, error)
    wire = failing.post("/api/bookings/sync")
    assert (wire.status_code, wire.get_json()["code"]) == (status, code)
    page = failing.get("/login")
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert page.headers["Cache-Control"] == wire.headers["Cache-Control"] == "no-store"
    assert (wire.headers.get("Retry-After") == "7") is (code == "RATE_LIMITED")


def test_the_unexpected_is_told_to_nobody(
    app: Flask,
    failing: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fail_with(app, monkeypatch, ValueError(HIDDEN))
    wire, page = failing.post("/api/bookings/sync"), failing.get("/login")
    assert (wire.status_code, wire.get_json()["code"]) == (500, "SERVER_ERROR")
    assert page.status_code == 500
    assert page.headers["X-Request-Id"] in page.text
    output = capsys.readouterr()
    everything = f"{wire.text}{page.text}{output.out}{output.err}{log.getvalue()}"
    assert HIDDEN not in everything
    assert "Traceback" not in everything
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    logged = [line for line in lines if line["event"] == "unexpected error"]
    assert [line["request_id"] for line in logged] == [
        wire.headers["X-Request-Id"],
        page.headers["X-Request-Id"],
    ]
    assert logged[0]["error_type"] == "ValueError"


def test_nothing_is_half_saved(
    app: Flask, failing: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (ValueError(), Conflict()):
        fail_with(app, monkeypatch, error)
        failing.get("/login")
        assert db.session.get(Website, "half-done") is None


def test_a_database_that_is_away(
    app: Flask, failing: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(app, monkeypatch, OperationalError("SELECT 1", {}, Exception("no connection")))
    page = failing.get("/login")
    assert page.status_code == 503
    assert "Back in a moment" in page.text


def test_a_forgotten_commit_does_not_leak_into_the_next_request(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    @public("a view of the test")
    def forgetful() -> str:
        db.session.execute(text("INSERT INTO websites (id, name, domain) VALUES ('x', 'x', 'x')"))
        return "done"

    monkeypatch.setitem(app.view_functions, "staff.login", forgetful)
    assert app.test_client().get("/login").text == "done"
    assert db.session.get(Website, "x") is None


def test_every_answer_is_guarded_by_headers(app: Flask) -> None:
    client = app.test_client()
    for address in ("/login", "/api/nothing", "/nothing", "/healthz"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers
    secure = client.get("/login", base_url="https://desk.example.com").headers
    assert "max-age=31536000" in secure["Strict-Transport-Security"]


def test_no_page_holds_inline_script_or_style(app: Flask) -> None:
    WebsiteFactory.create(id="ours")
    browser = browser_of(app, person("superadmin"))
    for address in ("/login", "/profile", "/websites", "/websites/new", "/websites/ours", "/no"):
        page = browser.get(address, follow_redirects=False).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), address


def test_files_are_packed_and_kept(client: FlaskClient) -> None:
    link = re.search(r'href="(/static/app\.css\?v=\w+)"', client.get("/login").text)
    assert link
    packed = client.get(link[1], headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "immutable" in packed.headers["Cache-Control"]
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get(link[1], headers=again).status_code == 304
    with client.get(link[1]) as plain:
        assert "Content-Encoding" not in plain.headers
        assert len(plain.data) > len(packed.data)
    with client.get("/static/app.css") as plain:
        assert "immutable" not in plain.headers["Cache-Control"]
    assert client.get("/static/../app/config.py").status_code == 404


def test_csrf_is_not_left_out_by_accident() -> None:
    doors = {"api_sync", "api_partner", "api_partner_customers", "api_partner_bookings", "octo"}
    doors |= {
        "api_tables",
        "api_paypal",
        "api_twilio",
        "api_platform_hook",
        "pay",
    }  # signed by whoever calls; a signed link
    app_doors = ("auth", "account", "travelers", "treks", "bookings", "waiting")
    doors |= {f"api_customer_{door}" for door in app_doors}  # a token in a header
    doors |= {"my"}  # asks for the token by itself, without the referrer: `tests/selfservice`
    assert {name.name for name in csrf._exempt_blueprints} == doors
    assert csrf._exempt_views == {"app.api.staff.login"}


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_that_no_row_has_is_not_there(app: Flask, number: int) -> None:
    browser = browser_of(app, person("superadmin"))
    numbered = [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]
    assert len(numbered) > 3
    for rule in numbered:
        address = re.sub("<uuid:[^>]*>", "018f0000-0000-7000-8000-000000000001", rule.rule)
        address = re.sub("<[^>]*>", str(number), address)
        method = "post" if "POST" in (rule.methods or ()) else "get"
        assert getattr(browser, method)(address).status_code == 404, address
