"""Tables as files: CSV and XLSX that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHEET_NAME, _SHEET_FORBIDDEN = 31, str.maketrans("", "", "[]:*?/\\'")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Rows = Iterable[Sequence[Any]]


def safe_cell(value: Any) -> Any:
    """A cell that a spreadsheet never takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def as_csv(tables: Iterable[tuple[str, Rows]]) -> bytes:
    """Tables below one another, an empty line between them, each under its title. With a BOM."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, (title, rows) in enumerate(tables):
        writer.writerows([[]] * (number > 0))
        writer.writerow([safe_cell(title)])
        writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def as_xlsx(tables: Iterable[tuple[str, Rows]]) -> bytes:
    """A workbook with a sheet for each table; the first row of each is its head."""
    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold = book.add_format({"bold": True})
        for number, (title, rows) in enumerate(tables, start=1):
            name = f"{number} {title.translate(_SHEET_FORBIDDEN)}"[:_SHEET_NAME]
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for place, value in enumerate(row):
                    _write(sheet, at, place, value, bold if at == 0 else None)
    return buffer.getvalue()


def _write(sheet: Any, at: int, place: int, value: Any, style: Any) -> None:
    if value is None:
        return
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        sheet.write_number(at, place, value, style)
    else:
        text = value.isoformat() if isinstance(value, date | datetime) else str(value)
        sheet.write_string(at, place, text, style)
