"""A report as a file: exactly the tables that the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.reports.tables import Column, Figure, Kind, Report, Table

COMPARED = ("before", "difference", "difference %")


def sheets(report: Report, head: Sequence[Sequence[Any]], compared: bool) -> list[tuple[str, Any]]:
    """(title, rows) of what is asked for, the numbers at the top, and each table."""
    found: list[tuple[str, Any]] = [("Report", list(head))]
    if report.tiles:
        found.append(("In all", list(_tiles(report, compared))))
    return [*found, *((table.title, list(_rows(table, compared))) for table in report.tables)]


def _tiles(report: Report, compared: bool) -> Iterator[list[Any]]:
    yield ["Number", "Currency", "Value", *(COMPARED if compared else ())]
    for tile in report.tiles:
        yield [tile.label, tile.currency, *_figure(tile.figure, compared)]


def _rows(table: Table, compared: bool) -> Iterator[list[Any]]:
    yield [label for column in table.columns for label in _labels(column, compared)]
    for row in (*table.rows, *table.totals):
        cells: list[Any] = []
        for cell in row:
            cells += _figure(cell, compared) if isinstance(cell, Figure) else [cell]
        yield cells


def _labels(column: Column, compared: bool) -> list[str]:
    if column.kind is Kind.TEXT or not compared:
        return [column.label]
    return [column.label, *(f"{column.label}, {word}" for word in COMPARED)]


def _figure(figure: Figure, compared: bool) -> list[Any]:
    if not compared:
        return [figure.value]
    return [figure.value, figure.before, figure.difference, figure.percent]
