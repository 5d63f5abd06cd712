"""Everybody at once, over connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.api.limits import POLICIES
from app.extensions import db
from app.signin import codes
from app.signin.models import CustomerDevice, OtpChallenge, RefreshToken
from tests.signin.phone import Phone, a_trek_shop, number

pytestmark = pytest.mark.committed
AT_ONCE = 12


@pytest.fixture
def phone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Phone:
    monkeypatch.setitem(app.extensions, "rates", dict.fromkeys(p.name for p in POLICIES))
    with app.app_context():
        a_trek_shop()
        db.session.commit()
    return Phone(app)


def at_once(do: Callable[[int], Any], times: int = AT_ONCE) -> list[Any]:
    """Results of the same thing, begun together."""
    ready = Barrier(times)

    def one(index: int) -> Any:
        ready.wait()
        return do(index)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def count(table: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_of_all_guesses_at_once_three_are_compared(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.ask()
    with app.app_context():
        wrong = phone.wrong()
    compared: list[str] = []
    really = codes.is_right

    def noted(rules: Any, tried: Any, code: str) -> bool:
        compared.append(code)
        return really(rules, tried, code)

    monkeypatch.setattr(codes, "is_right", noted)
    answers = at_once(lambda _: Phone(app).type(wrong).status_code)
    assert answers == [401] * AT_ONCE
    assert compared == [wrong] * 3
    with app.app_context():
        assert phone.challenge().attempts_left == 0


def test_the_right_code_typed_everywhere_signs_in_once(app: Flask, phone: Phone) -> None:
    phone.ask()
    with app.app_context():
        code = phone.code()
    answers = at_once(lambda _: Phone(app).type(code).status_code)
    assert sorted(answers) == [200] + [401] * (AT_ONCE - 1)
    with app.app_context():
        assert count(CustomerDevice) == 1


def test_requests_at_once_send_one_code(app: Flask, phone: Phone) -> None:
    answers = at_once(lambda _: Phone(app).ask().status_code)
    assert answers == [200] * AT_ONCE
    with app.app_context():
        assert count(OtpChallenge) == 1


def test_no_limit_is_slipped_past_together(app: Flask, phone: Phone) -> None:
    """Twenty-four numbers of one range, from as many addresses, at the same moment: twenty."""

    def ask(index: int) -> int:
        return Phone(app, f"+97798412345{index:02d}", f"198.51.{index}.1").ask().status_code

    answers = at_once(ask, 24)
    assert (answers.count(200), answers.count(429)) == (20, 4)


def test_a_token_used_everywhere_at_once_ends_the_device(app: Flask, phone: Phone) -> None:
    with app.app_context():
        token = phone.sign_in()["refresh_token"]
    answers = at_once(lambda _: Phone(app).post("refresh", {"refresh_token": token}).status_code)
    assert sorted(answers) == [200] + [401] * (AT_ONCE - 1)
    with app.app_context():
        assert count(RefreshToken) == 2
        assert count(CustomerDevice, CustomerDevice.revoked_because == "reuse") == 1


def test_new_people_at_once_do_not_wait_for_each_other(app: Flask, phone: Phone) -> None:
    def enter(index: int) -> int:
        with app.app_context():
            mine = Phone(app, number(index), f"198.51.{index}.1")
            mine.ask()
            return mine.type(mine.code()).status_code

    assert at_once(enter, 6) == [200] * 6
