"""The fastest RQ worker (`SimpleWorker`: no fork) with the app loaded: for `bench.deliveries`."""

from __future__ import annotations

import redis
from rq import Queue, SimpleWorker

from app import create_app
from app.config import Settings


def main() -> None:
    """Work until stopped."""
    settings = Settings()
    app = create_app(settings)
    connection = redis.Redis.from_url(settings.redis_url)
    with app.app_context():
        SimpleWorker([Queue("bench", connection=connection)], connection=connection).work(
            logging_level="ERROR"
        )


if __name__ == "__main__":
    main()
