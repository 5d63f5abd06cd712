"""A statement as a file: CSV, and PDF to be sent along with an invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from app.partners.commission import digits_of
from app.sheets import as_csv
from app.statements.statement import BASES, Reader, Row, Statement, Total

ROW_HEAD = (
    *("Reference", "Partner's reference", "Booked", "Visit", "Activity", "Guests", "Website"),
    *("Currency", "Total", "Refunded", "Rate %", "Payment", "Commission", "Due"),
)
TOTAL_HEAD = (
    *("Website", "Currency", "Payment", "Bookings", "Guests", "Total", "Refunded"),
    *("Commission", "Due", "Who owes"),
)
_PAPER_HEAD = ("Reference", "Date", "Activity", "Guests", "Total", "Refunded", "Commission", "Due")
_WIDTHS = (30, 20, 46, 15, 22, 20, 24, 23)
_RIGHT = 3
"""From this column on cells stand on the right."""
_SAYABLE = {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "−": "-"}


def sheet(statement: Statement) -> bytes:
    """The statement as CSV: totals, then every booking."""
    sums = [TOTAL_HEAD, *(_total_cells(total, statement.reader) for total in statement.totals)]
    rows = [_row_head(statement.reader), *map(_row_cells, statement.rows)]
    heading = f"{statement.partner.name}: {statement.title}, {BASES[statement.by].lower()}"
    return as_csv([(heading, sums), ("Bookings", rows)])


def _row_head(reader: Reader) -> list[str]:
    theirs = "Your reference" if reader is Reader.PARTNER else "Partner's reference"
    return [theirs if label == "Partner's reference" else label for label in ROW_HEAD]


def _total_cells(total: Total, reader: Reader) -> list[Any]:
    return [
        *(total.website, total.currency, total.relation.label, total.bookings, total.guests),
        *(total.total, total.refunded, total.commission, total.due, total.owes(reader)),
    ]


def _row_cells(row: Row) -> list[Any]:
    return [
        *(row.reference, row.partner_reference, row.booked, row.visit, row.activity, row.guests),
        *(row.website, row.currency, row.total, row.refunded, row.rate, row.relation.label),
        *(row.commission, row.due),
    ]


class _Paper(FPDF):
    """A4 with the title at the head of each page and its number at the foot."""

    def __init__(self, heading: str) -> None:
        super().__init__(format="A4")
        self._heading = heading
        self.set_title(heading)
        self.set_creator("OneBooking")
        self.set_margins(10, 12)
        self.set_auto_page_break(True, 16)

    def header(self) -> None:
        self.set_font("Helvetica", "B", 11)
        self.cell(0, 8, self._heading, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, f"Page {self.page_no()} of {{nb}}", align="R")

    def line_of(self, text: str, style: str = "") -> None:
        self.set_font("Helvetica", style, 9)
        self.multi_cell(0, 5, sayable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def paper(statement: Statement) -> bytes:
    """The statement as PDF: for whom, the totals, then every booking by website."""
    made = _Paper(sayable(f"{statement.partner.name}: statement of {statement.title}"))
    made.add_page()
    made.line_of(f"{statement.partner.company_name}, {BASES[statement.by].lower()}.")
    for total in statement.totals:
        made.ln(3)
        made.line_of(_sentence(total, statement.reader), "B")
        made.line_of(_sums(total))
        _table(made, statement, total)
    if not statement.totals:
        made.line_of("No booking of this month counts.")
    return bytes(made.output())


def _sentence(total: Total, reader: Reader) -> str:
    return f"{total.website}. {total.owes(reader)}: {money(total.due, total.currency)}"


def _sums(total: Total) -> str:
    return (
        f"{total.relation.label}. {total.bookings} bookings, {total.guests} guests, "
        f"total {money(total.total, total.currency)}, "
        f"refunded {money(total.refunded, total.currency)}, "
        f"commission {money(total.commission, total.currency)}."
    )


def _table(made: _Paper, statement: Statement, total: Total) -> None:
    key = (total.website, total.currency, total.relation)
    made.set_font("Helvetica", size=8)
    align = ["LEFT"] * _RIGHT + ["RIGHT"] * (len(_WIDTHS) - _RIGHT)
    with made.table(
        col_widths=_WIDTHS,
        text_align=align,
        line_height=5,
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        table.row(_PAPER_HEAD)
        for row in statement.rows:
            if (row.website, row.currency, row.relation) == key:
                table.row([sayable(text) for text in _paper_cells(row, statement.by)])


def _paper_cells(row: Row, by: str) -> list[str]:
    day = row.booked if by == "booked" else row.visit
    return [
        *(row.reference, day.isoformat(), row.activity, str(row.guests)),
        *(plain(each, row.currency) for each in (row.total, row.refunded, row.commission, row.due)),
    ]


def money(amount: Decimal, currency: str) -> str:
    """`3,490.00 THB`."""
    return f"{plain(amount, currency)} {currency}"


def plain(amount: Decimal, currency: str) -> str:
    """`3,490.00`, or `3,490` where the currency has no digits after the point."""
    whole = digits_of(currency) == 0 and amount == amount.to_integral_value()
    return f"{amount:,.0f}" if whole else f"{amount:,.2f}"


def sayable(text: str) -> str:
    """The text in the letters of the PDF's own fonts; a question mark for what they lack."""
    for letter, plain in _SAYABLE.items():
        text = text.replace(letter, plain)
    return text.encode("latin-1", "replace").decode("latin-1")
