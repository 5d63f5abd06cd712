"""Pages of the reports, and the same as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, request

from app.errors import WebsiteNotFound
from app.extensions import db
from app.reports import export
from app.reports.conversion import conversion
from app.reports.customers import customers
from app.reports.gathering import Asked
from app.reports.overlap import overlap
from app.reports.overview import overview
from app.reports.partners import partners
from app.reports.periods import COMPARED, PERIODS, Period
from app.reports.platforms import platforms
from app.reports.queries import PAYMENTS, VIEW, Wanted
from app.reports.tables import Kind, Report
from app.reports.view import BASES, TABS, ReportView
from app.sheets import XLSX, as_csv, as_xlsx
from app.staff.context import current_scope, now
from app.staff.guards import requires
from app.web import page
from app.websites.context import visible_websites, zone_of

reports = Blueprint("reports", __name__)

MAKERS: dict[str, Callable[[Asked], Report]] = {
    "overview": overview,
    "partners": partners,
    "platforms": platforms,
    "overlap": overlap,
    "conversion": conversion,
    "customers": customers,
}


@reports.get("/reports")
@requires(VIEW)
def index() -> Response:
    """One report; for htmx what its filters change."""
    view = _view()
    today = now().astimezone(zone_of(view.website)).date()
    asked = _asked(view, today)
    answer = page(
        "reports/index.html",
        "reports/_report.html",
        view=view,
        typed=request.args,
        report=MAKERS[view.tab](asked),
        days=asked.now.period,
        before=asked.before.period if asked.before else None,
        amounts_of=_amounts_of(asked),
        tabs=TABS,
        periods=PERIODS,
        bases=BASES,
        compared=COMPARED,
        Kind=Kind,
    )
    answer.headers["HX-Replace-Url"] = view.url()  # without what the form sent beside it
    return answer


@reports.get("/reports/export")
@requires(VIEW)
def take_along() -> Response:
    """What the page shows, as `format=csv` or `xlsx`."""
    view = _view()
    today = now().astimezone(zone_of(view.website)).date()
    asked = _asked(view, today)
    sheets = export.sheets(MAKERS[view.tab](asked), _head(view, asked), asked.before is not None)
    is_xlsx = request.args.get("format") == "xlsx"
    body, kind = (as_xlsx(sheets), XLSX) if is_xlsx else (as_csv(sheets), "text/csv")
    answer = Response(body, mimetype=kind)
    name = f"{view.tab}-{asked.now.period.first}-{asked.now.period.last}"
    ending = "xlsx" if is_xlsx else "csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _view() -> ReportView:
    """The report that the address describes. Raises WebsiteNotFound."""
    view = ReportView.read(request.args)
    if view.website and not current_scope().can(VIEW, view.website):
        raise WebsiteNotFound("This website does not exist.")
    return view


def _asked(view: ReportView, today: date) -> Asked:
    scope, before = current_scope(), view.compared(today)
    shown = {
        one.id: one.name
        for one in visible_websites()
        if scope.can(VIEW, one.id) and view.website in ("", one.id)
    }

    def wanted(period: Period) -> Wanted:
        return Wanted(period, view.by, view.website or None)

    return Asked(
        session=db.session(),
        scope=scope,
        now=wanted(view.days(today)),
        before=wanted(before) if before else None,
        websites=shown,
        sees_amounts=any(scope.can(PAYMENTS, website_id) for website_id in shown),
    )


def _amounts_of(asked: Asked) -> str:
    """Names of the websites whose amounts are in it, where they are not those of all."""
    seen = [name for key, name in asked.websites.items() if asked.scope.can(PAYMENTS, key)]
    return ", ".join(seen) if 0 < len(seen) < len(asked.websites) else ""


def _head(view: ReportView, asked: Asked) -> list[list[str]]:
    """What was asked for, on top of a file."""
    lines = [
        ["What", "Chosen"],
        ["Report", TABS[view.tab]],
        ["Websites", ", ".join(asked.websites.values())],
        ["Period", asked.now.period.text],
        ["Days", BASES[view.by]],
    ]
    if asked.before:
        lines.append(["Compared with", asked.before.period.text])
    if only := _amounts_of(asked):
        lines.append(["Amounts are of", only])
    return lines
