"""The worker: sends deliveries, and answers wake-ups as an RQ worker.

The delivery loop runs all the time and looks by itself every second; the RQ worker runs beside it
in a thread and rings its bell. Without Redis everything still leaves, at most a second later. One
more thread is the clock: it seals the log, and does what is due by itself; others pull what
stands at booking platforms.
Several workers side by side share the work. SIGTERM ends it cleanly; a kill loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading

import redis
from rq import Queue, SimpleWorker
from rq.timeouts import TimerDeathPenalty

from app import create_app
from app.alerts.calls import recorder
from app.config import Settings
from app.deliveries.channel import channels
from app.deliveries.machine import Machine
from app.deliveries.sending import Sender
from app.deliveries.wake import QUEUE, bell
from app.extensions import db
from app.logs import get_logger
from app.outbound import Client
from app.platforms.puller import SIDE_BY_SIDE, Puller
from app.schedule.clock import Clock
from app.schedule.jobs import schedule

LONGEST_PAUSE = 5.0
"""Seconds between two tries to reach Redis."""

log = get_logger()


class Ear(SimpleWorker):
    """An RQ worker for a thread: no signals, no alarm clock of the process."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = LONGEST_PAUSE

    def _install_signal_handlers(self) -> None:
        pass


class Listener(threading.Thread):
    """Takes wake-ups for ever, whatever becomes of Redis."""

    def __init__(self, url: str) -> None:
        super().__init__(name="wake-ups", daemon=True)
        self._url = url
        self._stopping = threading.Event()
        self._ear: Ear | None = None

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with redis.Redis.from_url(self._url, socket_connect_timeout=2) as connection:
                    self._ear = Ear([Queue(QUEUE, connection=connection)], worker_ttl=30)
                    self._ear.work(logging_level="CRITICAL")
            except Exception as error:
                log.warning("wake-ups interrupted", exc_info=error)
            self._stopping.wait(1)

    def hang_up(self) -> None:
        """Listen no more; the thread ends with the process."""
        self._stopping.set()
        if self._ear is not None:
            with contextlib.suppress(redis.RedisError):
                self._ear.register_death()  # type: ignore[no-untyped-call]


async def deliver(machine: Machine) -> None:
    """Send until a signal says stop, then finish what is under way."""
    loop = asyncio.get_running_loop()
    async with Client() as client:
        sender = Sender(machine, client)
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, sender.stop)
        bell.listen(lambda: loop.call_soon_threadsafe(sender.ring))
        log.info("worker started")
        await sender.run()
        bell.listen(None)
    log.info("worker stopped")


def main() -> None:
    """Run until stopped."""
    sys.setswitchinterval(0.001)  # the loop must not wait long while a batch is written down
    settings = Settings()
    app = create_app(settings)
    with app.app_context():
        machine = Machine(db.engine, channels)
        clock = Clock(db.engine, schedule)
        pullers = [Puller(db.engine) for _ in range(SIDE_BY_SIDE)]
        recorder.write_to(db.engine)  # it counts when the database is out of reach
    listener = Listener(settings.redis_url)
    listener.start()
    clock.start()
    for puller in pullers:
        puller.start()
    asyncio.run(deliver(machine))
    clock.stop()
    for puller in pullers:
        puller.stop()
    listener.hang_up()
    recorder.close()


if __name__ == "__main__":
    main()
