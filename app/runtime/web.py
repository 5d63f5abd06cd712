"""How gunicorn serves the app: `gunicorn --config python:app.runtime.web wsgi:app`."""

import os
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from app.alerts.calls import recorder

host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES") or "2")
threads = 8
preload_app = True  # imported once, shared by all processes; nothing is connected before the fork
control_socket_disable = True
timeout = 60
graceful_timeout = 10
keepalive = 5
limit_request_line = 8190  # the most it can be: a list with all its filters is an address, too
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def worker_exit(server: Any, worker: Any) -> None:
    """Write down what this process has counted and not written yet."""
    recorder.close()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the live figures of a process that is gone."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
