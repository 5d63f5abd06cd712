"""A stock RQ worker (a fork for each job) with the app loaded: for `bench.deliveries`."""

from __future__ import annotations

import redis
from rq import Queue, Worker

from app import create_app
from app.config import Settings
from app.extensions import db


def main() -> None:
    """Work until stopped."""
    settings = Settings()
    app = create_app(settings)
    connection = redis.Redis.from_url(settings.redis_url)
    with app.app_context():
        db.engine.dispose()
        Worker([Queue("bench", connection=connection)], connection=connection).work(
            logging_level="ERROR"
        )


if __name__ == "__main__":
    main()
