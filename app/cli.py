"""Commands for operators: `flask --app wsgi demo load`, `audit`, `crypto`, `retention`,
`import`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.audit import actions as auditing
from app.audit import verifying
from app.crypto import CannotDecrypt
from app.extensions import Base, db
from app.legacy import undoing
from app.legacy.running import BATCH, Import, Order
from app.platforms import legacy as from_covermanager
from app.privacy import rotation
from app.schedule.jobs import schedule
from app.schedule.runs import work
from app.tabular.columns import CannotImport

demo = AppGroup("demo", help="The demo installation.")
audit = AppGroup("audit", help="The hash chain over the log.")
crypto = AppGroup("crypto", help="Encryption at rest.")
retention = AppGroup("retention", help="What is not kept for ever.")
importing = AppGroup("import", help="What systems that came before know.")
DAY = click.DateTime(["%Y-%m-%d"])


def init_cli(app: Flask) -> None:
    """Add the commands."""
    for group in (demo, audit, crypto, retention, importing):
        app.cli.add_command(group)


@demo.command("load")
def load() -> None:
    """Load the demo's websites, logins and bookings into an empty installation."""
    from demo.load import DemoRefused, load_demo  # noqa: PLC0415 (only who loads it needs it)

    try:
        loaded = load_demo(current_app._get_current_object())  # type: ignore[attr-defined]
    except DemoRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo("The demo is loaded." if loaded else "There are websites already: nothing was done.")


@audit.command("seal")
def seal() -> None:
    """Go on with the chain over everything that is settled. The worker does it by itself."""
    total = 0
    while count := auditing.seal(db.session()):
        db.session.commit()
        total += count
    db.session.commit()
    click.echo(f"{total:,} events sealed.")


@audit.command("verify")
@click.option("--day", type=DAY, help="Only this day (UTC), from the last hash of the day before.")
@click.option("--head", help="A hash that an earlier run named: it must still be in the chain.")
def verify(day: datetime | None, head: str | None) -> None:
    """Walk the chain. Exit code 1 when an event or a seal was altered, removed or inserted."""
    session, chosen = db.session(), day.date() if day else None
    extent, last, seen = verifying.extent(session, chosen), "", head is None
    with click.progressbar(length=extent.events, label="Verifying") as bar:
        for walked in verifying.walk(session, chosen):
            bar.update(len(walked.seal.event_ids))
            if walked.finding:
                bar.render_finish()
                raise click.ClickException(f"The log is not whole: {walked.finding}.")
            last = walked.seal.last_hash.hex()
            seen = seen or last == head
    if not seen:
        raise click.ClickException("The log is not whole: the chain does not hold the given hash.")
    waiting = auditing.unsealed(session)
    click.echo(f"{extent.events:,} events in {extent.seals:,} seals are as they were sealed.")
    click.echo(f"Not sealed yet: {waiting:,}.")
    if last:
        click.echo(f"Last hash: {last}")


@crypto.command("rotate")
def rotate() -> None:
    """Re-encrypt every encrypted column under the first of ENCRYPTION_KEYS.

    May be interrupted and started again. Exit code 1 when something is left under another key.
    """
    held = 0
    for vault in rotation.vaults(Base.metadata):
        name = vault.table.name
        total, rotated = vault.count(db.session()), 0
        db.session.rollback()  # no snapshot is held meanwhile
        with click.progressbar(length=total, label=f"{name:<20}") as bar:
            try:
                for progress in rotation.rotate(db.engine, vault):
                    bar.update(progress.seen)
                    rotated += progress.rotated
                    held += progress.held
            except CannotDecrypt as error:
                raise click.ClickException(f"{name}: {error}.") from error
        click.echo(f"{name}: {total:,} rows, {rotated:,} re-encrypted.")
    if held:
        raise click.ClickException(f"{held:,} rows were held by others: run it again.")


@retention.command("run")
def run() -> None:
    """Clear and prune now what the nightly job clears and prunes."""
    job = schedule.job("retention")
    counts = {task.name: 0 for task in job.tasks}
    with click.progressbar(work(db.engine, job, datetime.now(UTC)), label="Clearing") as steps:
        for task, rows in steps:
            counts[task.name] += rows
    for name, count in counts.items():
        click.echo(f"{name}: {count:,}")


@importing.command("legacy")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False
)
@click.option("--website", help="Id of the website whose bookings they are.")
@click.option("--system", default="legacy", show_default=True, help="Whose rows these are.")
@click.option("--dry-run", is_flag=True, help="Check everything and write nothing.")
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="Where it goes.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the files.")
@click.option("--batch", type=click.IntRange(1, 5000), default=BATCH, help="Rows at a time.")
@click.option("--undo", type=click.UUID, metavar="RUN", help="Take back what a run brought in.")
def legacy(folder: Path | None, website: str | None, undo: UUID | None, **how: Any) -> None:
    """Bring in users.csv, bookings.csv and booking_participants.csv of FOLDER.

    What was broken off goes on where it stopped; what is there already is left alone. Exit code 1
    when nothing could be done. See docs/import.md.
    """
    try:
        if undo is not None:
            gone = undoing.undo(db.session(), undo)
            db.session.commit()
            click.echo("Taken back: {booking:,} bookings, {participant:,} travelers,"
                       " {user:,} customers.".format(**gone))  # fmt: skip
        elif folder is None or website is None:
            raise click.UsageError("Say which FOLDER, and which --website; or which run to --undo.")
        else:
            _bring_in(Order(folder, website, **how))
    except CannotImport as error:
        raise click.ClickException(str(error)) from error


def _bring_in(order: Order) -> None:
    if order.report is not None:
        order.report.mkdir(parents=True, exist_ok=True)
    with Import(db.session(), order) as run:
        for remark in run.remarks:
            click.echo(remark)
        label = "Checking" if order.dry_run else "Bringing in"
        with click.progressbar(length=run.size, label=label) as bar:
            outcome = run.run(bar.update)
    click.echo(outcome.text)
    if outcome.rejected:
        click.echo(f"Rejected rows, with reasons: {order.report or order.folder}/rejected_*.csv")


@importing.command("covermanager")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--website", "website_id", help="Only venues of this website are meant.")
@click.option("--dry-run", is_flag=True, help="Check and try everything, and write nothing.")
@click.option("--update", "is_update", is_flag=True, help="What is here becomes as the file says.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the file.")
def covermanager(**how: Any) -> None:
    """Connect the venues of FILE (CSV or JSON lines: venue_id, slug, key, enabled) to CoverManager.

    Each account is tried first. What is there already is left alone. Exit code 1 when a line
    cannot be brought in, or was switched off because its account does not work. See docs/import.md.
    """
    told = []
    try:
        run = from_covermanager.Import(db.session(), from_covermanager.Order(**how))
        if run.unknown:
            click.echo(f"Columns that are read over: {', '.join(run.unknown)}.")
        for each in run.run():
            told.append(each)
            click.echo(f"line {each.number:>4}  {each.outcome:<10}  {each.text}")
    except CannotImport as error:
        raise click.ClickException(str(error)) from error
    click.echo(from_covermanager.summary(told))
    if how["dry_run"]:
        click.echo("A dry run: nothing was written.")
    if any(each.is_fault for each in told):
        raise click.exceptions.Exit(1)
