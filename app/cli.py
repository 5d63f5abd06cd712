"""Commands for operators: `flask --app wsgi demo load`."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

demo = AppGroup("demo", help="The demo installation.")


@demo.command("load")
def load() -> None:
    """Load the demo's websites, logins and bookings into an empty installation."""
    from demo.load import DemoRefused, load_demo  # noqa: PLC0415 (only who loads it needs it)

    try:
        loaded = load_demo(current_app._get_current_object())  # type: ignore[attr-defined]
    except DemoRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo("The demo is loaded." if loaded else "There are websites already: nothing was done.")
