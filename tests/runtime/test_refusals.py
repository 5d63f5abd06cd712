"""What `./run` cannot start with: one line that says what to do, exit code 1, nothing left."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.runtime.databases import named
from tests.harness.processes import free_block
from tests.runtime.conftest import Refusal

pytestmark = [pytest.mark.slow]
Refuse = Callable[..., Refusal]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on; the one before it is free."""
    with socket.create_server(("127.0.0.1", free_block(2) + 1)) as server:
        yield server.getsockname()[1]


def test_the_port_is_taken(refusal: Refuse, taken: int) -> None:
    answer = refusal(PORT=str(taken))
    assert answer.code == 1
    assert answer.message.startswith(f"PORT {taken} on 127.0.0.1: Address already in use.")
    assert "another PORT" in answer.message
    assert "\n" not in answer.message


def test_the_demo_websites_port_is_taken(refusal: Refuse, taken: int) -> None:
    answer = refusal(PORT=str(taken - 1), DEMO="1")
    assert (answer.code, f"PORT + 1 (demo website) {taken}" in answer.message) == (1, True)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "DATABASE_URL cannot be used: "),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL cannot be used: "),
        ({"REDIS_URL": "http://127.0.0.1/"}, "REDIS_URL cannot be used: "),
        ({"PORT": "eighty"}, "PORT=eighty is not a number"),
        ({"WORKERS": "0"}, "WORKERS=0 is not a number"),
        ({"DEMO": "perhaps"}, "DEMO=perhaps is neither 1 nor 0"),
        ({"DEMO": "1", "ENV": "production"}, "ENV=production refuses the demo"),
    ],
)
def test_a_setting_is_wrong(refusal: Refuse, settings: dict[str, str], says: str) -> None:
    answer = refusal(**settings)
    assert answer.code == 1
    assert answer.message.startswith(says)
    assert "\n" not in answer.message


def test_the_data_directory_cannot_be_made(refusal: Refuse, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = refusal(data=tmp_path / "file" / "data")
    assert answer.code == 1
    assert "cannot be written (Not a directory" in answer.message


def test_a_password_is_not_repeated(refusal: Refuse, committed_database: str) -> None:
    url = named(committed_database, "nowhere").replace("onebooking@", "nobody:s3cret-word@")
    answer = refusal(DATABASE_URL=url)
    assert answer.code == 1
    assert "s3cret-word" not in answer.message


def test_a_program_that_cannot_start_is_named_with_the_end_of_its_log(
    refusal: Refuse, home: Path
) -> None:
    broken = home / "data" / "redis" / "appendonly.aof"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not what Redis writes")
    answer = refusal()
    assert answer.code == 1
    assert answer.message.startswith("redis does not start. The end of ")
    assert "Bad file format" in answer.message
