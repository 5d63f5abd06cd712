"""From a connection to its account, and who is asked in a platform's place."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app.config import Settings
from app.extensions import db
from app.platforms import covermanager, registry
from app.platforms.base import Capability
from app.platforms.models import PlatformConnection
from tests.factories import VenueFactory, WebsiteFactory


@pytest.fixture(autouse=True)
def _own_addresses(app: Flask, db_session: object) -> Iterator[None]:
    yield
    registry.configure(app.extensions["settings"])


def connection(**fields: object) -> PlatformConnection:
    website = WebsiteFactory.create(phone_region="ES")
    venue = VenueFactory.create(website_id=website.id, timezone="Europe/Madrid")
    made = PlatformConnection(
        website_id=website.id,
        venue_id=venue.id,
        platform_type="covermanager",
        configuration={"restaurant": "some-place", "api_key": "k-1"},
        **fields,
    )
    db.session.add(made)
    db.session.flush()
    db.session.refresh(made)
    return made


def test_an_account_holds_what_was_chosen_over_what_is_recommended(app: Flask) -> None:
    chosen = {"language": "codes", "first_page": "7", "made_up": "x"}
    made = connection(options=chosen, statuses={"5": "no_show", "12": "cancelled"})
    account = registry.account_of(db.session(), made)
    assert (account.timezone, account.region, account.base_url) == ("Europe/Madrid", "ES", "")
    assert account.secrets == {"restaurant": "some-place", "api_key": "k-1"}
    assert account.options == {**registry.options_of(covermanager.KIND, {}), "language": "codes"}
    assert account.statuses["5"] == "no_show"
    assert account.statuses["1"] == "confirmed"
    assert account.is_off("12")
    assert not account.is_off("5")
    assert "k-1" not in repr(account)


def test_something_stands_in_for_a_platform_and_never_in_production(app: Flask) -> None:
    registry.configure(Settings(env="test", covermanager_url="http://127.0.0.1:1/"))
    account = registry.account_of(db.session(), connection())
    assert account.base_url == "http://127.0.0.1:1"
    live = Settings(env="production", covermanager_url="http://127.0.0.1:1")
    assert [fault for fault in live.unsafe_settings() if "COVERMANAGER_URL" in fault]


def test_every_choice_has_a_recommended_one(app: Flask) -> None:
    for kind in registry.KINDS.values():
        names = [each.name for each in (*kind.fields, *kind.options)]
        assert len(names) == len(set(names))
        for each in kind.options:
            assert each.default
            assert not each.choices or each.default in [value for value, _ in each.choices]


def test_what_is_asked_of_a_platform_without_calling_it(app: Flask) -> None:
    session = db.session()
    slow = registry.account_of(session, connection(options={"per_minute": "7"}))
    assert registry.per_minute(slow.type, slow.options) == 7
    assert registry.per_minute("covermanager", {}) == 50
    assert registry.per_minute("covermanager", {"per_minute": "0"}) == 50
    assert registry.per_minute("gone", {}) is None
    assert (registry.label_of("restoo"), registry.label_of("gone")) == ("Restoo", "gone")
    assert Capability.LIST in registry.capabilities_of(slow)
    secrets = {each.name: "x" for each in registry.KINDS["restoo"].fields}
    for availability, known in (("off", set()), ("get", {Capability.AVAILABILITY})):
        options = registry.options_of(registry.KINDS["restoo"], {"availability": availability})
        restoo = replace(slow, type="restoo", secrets=secrets, options=options)
        assert registry.capabilities_of(restoo) == known
