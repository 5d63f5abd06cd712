"""Texts that no database takes are refused before anybody looks for them."""

import pytest
from flask import Flask

from tests.desk import browser_of
from tests.factories import person

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/websites/%00/keys", 404),
        ("/api/websites/%ff/keys", 404),
        ("/api/websites?after=%00", 400),
        ("/api/bookings?after=%00", 400),
        ("/api/bookings?limit=99999999999999999999", 400),
        ("/api/bookings?q=%ff%00", 200),
        ("/websites/%00", 404),
        ("/websites/a%00b/edit", 404),
        ("/websites?after=%00", 400),
        ("/websites?website=%00", 400),
        ("/websites?after=%ff", 200),
        ("/bookings?q=%00", 400),
        ("/login?next=%00", 400),
    ],
)
def test_an_odd_address(app: Flask, address: str, status: int) -> None:
    assert browser_of(app, person("superadmin")).get(address).status_code == status


def test_an_odd_form(app: Flask) -> None:
    browser = browser_of(app, person("superadmin"))
    assert browser.post("/websites/new", data={"id": "a\x00b"}).status_code == 400
    assert app.test_client().post("/login", data={"email": "\x00"}).status_code == 400
