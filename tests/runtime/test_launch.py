"""`./run` from the first start to the last process gone, through crashes and power cuts."""

import http.client
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.runtime import databases
from app.runtime.embedded import Postgres
from tests.harness.processes import until
from tests.harness.servers import place
from tests.runtime.conftest import Launcher, LauncherFactory, make_launcher

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("launch")]
PROGRAMS = ["app:web", "app:worker", "redis", "postgres"]


@pytest.fixture(scope="module")
def launched() -> Iterator[Launcher]:
    """A running installation in a folder that no configuration file could name unquoted."""
    home = place("launch")
    launcher = make_launcher(home / "a b;c #1 %s", home / "launcher.log")
    launcher.start()
    yield launcher
    launcher.daemon.stop(seconds=60)


def database(launcher: Launcher) -> str:
    server = Postgres(launcher.data / "postgres", launcher.plan.sockets / "pg")
    return server.url("onebooking")


def healthy(launcher: Launcher) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", launcher.plan.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def test_it_says_ready_once_and_is(launched: Launcher) -> None:
    lines = launched.output().splitlines()
    assert [line for line in lines if "Ready" in line] == [f"Ready: {launched.plan.address}"]
    assert healthy(launched)


def test_an_empty_installation_offers_a_link_for_the_first_superadmin(launched: Launcher) -> None:
    assert f"{launched.plan.address}/setup/" in launched.output()


def test_secrets_are_on_no_command_line_and_for_the_owner_alone(launched: Launcher) -> None:
    file = launched.data / "secrets.env"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    values = [line.partition("=")[2] for line in lines]
    assert len(values) == 4
    assert all(len(value) > 40 for value in values)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    commands = [" ".join(process.cmdline()) for process in launched.processes()]
    config = (launched.plan.run / "supervisord.conf").read_text()
    assert not any(value in text for value in values for text in [*commands, config])


def test_the_servers_have_no_port(launched: Launcher) -> None:
    listening = {
        connection.laddr.port
        for process in launched.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {launched.plan.port}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_killed_program_comes_back(launched: Launcher, program: str) -> None:
    before = launched.pid(program)
    os.kill(before, signal.SIGKILL)
    until(lambda: launched.pid(program) not in (0, before), 30, f"{program} did not come back")
    until(lambda: healthy(launched), 30, f"no answer after the death of {program}")


def test_the_data_directory_has_one_user_at_a_time(launched: Launcher, tmp_path: Path) -> None:
    second = make_launcher(launched.data, tmp_path / "second.log")
    second.daemon.start()
    assert second.daemon.process is not None
    assert second.daemon.process.wait(30) == 1
    assert f"in use by another ./run (process {launched.daemon.pid})" in second.output()
    assert healthy(launched)


def test_without_its_supervisor_it_ends_and_says_so(launched: Launcher) -> None:
    process = launched.daemon.process
    assert process is not None
    os.kill(int((launched.plan.run / "supervisord.pid").read_text()), signal.SIGKILL)
    assert process.wait(30) == 1
    assert "The supervisor ended" in launched.output()
    until(lambda: not launched.processes(), 30, "something outlived the supervisor")


def stop(launcher: Launcher) -> None:
    assert launcher.daemon.kill(signal.SIGTERM) == 0
    assert launcher.processes() == []


def kill_the_launcher(launcher: Launcher) -> None:
    launcher.daemon.kill(signal.SIGKILL)
    until(lambda: not launcher.processes(), 60, "something outlived the launcher")


def cut_the_power(launcher: Launcher) -> None:
    """End all at one moment, and let the number of the old server be somebody else's by now."""
    processes = launcher.processes()
    for process in processes:
        process.suspend()
    for process in processes:
        process.kill()
    until(lambda: not launcher.processes(), 20, "still there")
    pidfile = launcher.data / "postgres" / "postmaster.pid"
    _, *rest = pidfile.read_text().splitlines()
    pidfile.write_text("\n".join([str(os.getpid()), *rest]))


def test_data_and_secrets_outlive_every_kind_of_end(launcher: LauncherFactory) -> None:
    first = launcher()
    first.start()
    secrets = (first.data / "secrets.env").read_text()
    with databases.connect(database(first)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for end in (cut_the_power, kill_the_launcher, stop):
        end(first)
        first.start()
        with databases.connect(database(first)) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert (first.data / "secrets.env").read_text() == secrets
    assert first.daemon.kill(signal.SIGINT) == 0
    assert first.processes() == []


def test_it_can_be_stopped_at_any_moment_of_its_start(launcher: LauncherFactory) -> None:
    first = launcher()
    for moment in (0.8, 1.6, 2.4, 3.2):
        first.daemon.start()
        time.sleep(moment)
        first.daemon.kill(signal.SIGTERM)
        until(lambda: not first.processes(), 5, f"stopped after {moment} s, something is left")


def test_it_runs_on_servers_of_the_operator(
    launcher: LauncherFactory, committed_database: str, redis_url: str
) -> None:
    first = launcher(DATABASE_URL=committed_database, REDIS_URL=redis_url)
    first.start()
    assert healthy(first)
    names = {process.name() for process in first.processes()}
    assert not any(name.startswith(("postgres", "redis")) for name in names)
