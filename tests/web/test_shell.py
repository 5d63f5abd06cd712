"""What frames every page: the menu and the website switcher show what one may see."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.desk import browser_of, build_house
from tests.factories import person
from tests.harness.counting import counted_queries

pytestmark = pytest.mark.usefixtures("db_session")


def menu(client: FlaskClient) -> list[str]:
    shown = client.get("/profile").text
    return re.findall(r'<span class="nav-label">([^<]+)</span>', shown)


def test_the_menu_is_what_one_may_open(app: Flask) -> None:
    house = build_house(app)
    assert "Websites" in menu(house.browser("manager"))
    assert "Websites" not in menu(house.browser("colleague"))
    assert menu(browser_of(app, person())) == []


def test_every_entry_of_the_menu_opens(app: Flask) -> None:
    owner = browser_of(app, person("superadmin"))
    links = re.findall(r'class="nav-item[^"]*" href="([^"]+)"', owner.get("/profile").text)
    assert links
    for link in links:
        page = owner.get(link)
        assert page.status_code == 200
        assert re.search(rf'active" href="{re.escape(link)}"[^>]*aria-current="page"', page.text)


def test_the_switcher_offers_one_s_own_websites(app: Flask) -> None:
    house = build_house(app)
    only = house.browser("manager").get("/profile").text
    assert "Our park" in only
    assert "Their park" not in only
    both = browser_of(app, person("superadmin")).get("/profile").text
    assert '<option value="theirs"' in both


def test_the_switcher_leads_to_the_website(app: Flask) -> None:
    house = build_house(app)
    manager = house.browser("manager")
    assert manager.get("/websites?website=ours").location == "/websites/ours"
    assert manager.get("/websites?website=theirs").status_code == 200
    assert '<option value="ours" selected' in (
        browser_of(app, person("superadmin")).get("/websites/ours").text
    )


@pytest.mark.parametrize(("cookie", "shown"), [("dark", "dark"), ("light", "light"), ("x", "auto")])
def test_the_theme_is_the_chosen_one(app: Flask, cookie: str, shown: str) -> None:
    client = app.test_client()
    client.set_cookie("theme", cookie)
    assert f'data-theme-choice="{shown}"' in client.get("/login").text


def test_an_error_page_asks_the_database_nothing(app: Flask) -> None:
    client = app.test_client()
    with counted_queries(app) as statements:
        assert client.get("/nowhere").status_code == 404
    assert statements == []
