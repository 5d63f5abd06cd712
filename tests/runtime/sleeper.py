"""Not a test of the suite: `test_harness_end.py` runs it, to have a run that it can end."""

import time

from flask import Flask


def test_that_takes_too_long(app: Flask) -> None:
    time.sleep(120)
