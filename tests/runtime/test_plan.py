"""The settings of `./run`, and the secrets that it makes."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.runtime.keys import load_keys
from app.runtime.plan import LONGEST_SOCKET_DIR, LOOPBACK, StartError, read_plan


def test_without_settings_it_is_the_demo_on_this_machine() -> None:
    plan = read_plan({})
    assert (plan.host, plan.port, plan.demo_port, plan.demo) == ("127.0.0.1", 8000, 8001, True)
    assert plan.outbound_allow == LOOPBACK


@pytest.mark.parametrize(
    ("given", "allowed"),
    [({"OUTBOUND_ALLOW": ""}, ""), ({"OUTBOUND_ALLOW": "10.1.0.0/16"}, "10.1.0.0/16")],
)
def test_the_operators_word_on_outbound_addresses_stands(
    given: dict[str, str], allowed: str
) -> None:
    assert read_plan(given).outbound_allow == allowed


def test_without_the_demo_nothing_private_is_reachable() -> None:
    assert read_plan({"DEMO": "0"}).outbound_allow == ""


def test_production_has_no_demo_unless_somebody_asks_and_then_refuses() -> None:
    assert not read_plan({"ENV": "production"}).demo
    with pytest.raises(StartError):
        read_plan({"ENV": "production", "DEMO": "1"})


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("192.0.2.7", "http://192.0.2.7:80"),
    ],
)
def test_it_knows_where_to_find_itself(host: str, address: str) -> None:
    assert read_plan({"HOST": host, "PORT": "80"}).here == address


def test_sockets_move_out_of_a_path_that_is_too_long_for_them() -> None:
    assert read_plan({"DATA_DIR": "/data"}).sockets == Path("/data/run")
    deep = read_plan({"DATA_DIR": "/" + "deep/" * 40})
    assert len(str(deep.sockets)) <= LONGEST_SOCKET_DIR
    assert deep.sockets != read_plan({"DATA_DIR": "/" + "deep/" * 41}).sockets


def test_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    made = load_keys(file, {})
    assert load_keys(file, {}) == made
    assert len(set(made.values())) == 4
    Fernet(made["ENCRYPTION_KEYS"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_secret_of_the_environment_wins_and_is_not_stored(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    assert load_keys(file, {"SECRET_KEY": "given"})["SECRET_KEY"] == "given"
    assert "SECRET_KEY" not in file.read_text()
    assert "HASH_KEY" in file.read_text()


def test_a_key_put_before_the_old_one_stays_there(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    old = load_keys(file, {})["ENCRYPTION_KEYS"]
    file.write_text(file.read_text().replace(old, f"NEW,{old}"))
    assert load_keys(file, {})["ENCRYPTION_KEYS"] == f"NEW,{old}"
