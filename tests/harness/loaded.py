"""Everything that the programs of the product import, for the process that they are forked from."""

import gc
import importlib
import sys

from app import create_app
from app.config import Settings

for name in (
    "worker",
    "demo.source_site.__main__",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
):
    importlib.import_module(name)
create_app(Settings(env="test"))  # it imports the rooms
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
gc.freeze()
