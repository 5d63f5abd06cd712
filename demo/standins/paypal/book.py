"""What the stand-in holds, and the rules that PayPal's contract states."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

WHOLE = ("HUF", "JPY", "TWD")


class Refused(Exception):
    """An error of the API."""

    def __init__(self, status: int, name: str, issue: str = "", field_: str = "") -> None:
        super().__init__(issue or name)
        self.status, self.name, self.issue, self.field = status, name, issue, field_


def refuse(issue: str, field_: str = "") -> Refused:
    """A 422 with this issue."""
    return Refused(422, "UNPROCESSABLE_ENTITY", issue, field_)


@dataclass
class Capture:
    id: str
    order_id: str
    status: str
    amount: dict[str, str]
    custom_id: str = ""
    invoice_id: str = ""
    refunded: str = "0"

    @property
    def left(self) -> Decimal:
        return Decimal(self.amount["value"]) - Decimal(self.refunded)


@dataclass
class Order:
    id: str
    status: str
    unit: dict[str, Any]
    return_url: str
    cancel_url: str
    capture_id: str = ""
    will: str = ""
    """What the payer chose: `decline` or `pending`; else the money comes."""
    attempts: int = 0


@dataclass
class Refund:
    id: str
    capture_id: str
    status: str
    amount: dict[str, str]
    custom_id: str = ""
    invoice_id: str = ""
    note: str = ""


@dataclass
class Book:
    """Orders, captures, refunds, and the answers that were given to each request id."""

    path: Path | None = None
    orders: dict[str, Order] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def keep(self) -> None:
        """To disk, so that a restart forgets nothing."""
        if self.path is not None:
            data = {
                name: {key: asdict(each) for key, each in getattr(self, name).items()}
                for name in ("orders", "captures", "refunds")
            }
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({**data, "answers": self.answers}))

    @classmethod
    def load(cls, path: Path | None) -> Book:
        book = cls(path)
        if path is not None and path.exists():
            data = json.loads(path.read_text())
            book.orders = {k: Order(**v) for k, v in data["orders"].items()}
            book.captures = {k: Capture(**v) for k, v in data["captures"].items()}
            book.refunds = {k: Refund(**v) for k, v in data["refunds"].items()}
            book.answers = {k: (v[0], v[1]) for k, v in data["answers"].items()}
        return book

    def create(self, body: dict[str, Any]) -> Order:
        """A new order. Raises Refused."""
        units = body.get("purchase_units")
        if body.get("intent") != "CAPTURE" or not isinstance(units, list) or len(units) != 1:
            raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "/purchase_units")
        unit = units[0]
        demand_money(unit.get("amount"))
        for name, most in (("custom_id", 127), ("invoice_id", 127), ("description", 127)):
            if len(str(unit.get(name, ""))) > most:
                raise Refused(400, "INVALID_REQUEST", "INVALID_STRING_LENGTH", name)
        context = body.get("application_context", {})
        made = Order(
            id=new_id(),
            status="CREATED",
            unit=unit,
            return_url=context.get("return_url", ""),
            cancel_url=context.get("cancel_url", ""),
        )
        self.orders[made.id] = made
        return made

    def order(self, order_id: str) -> Order:
        if order_id not in self.orders:
            raise Refused(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return self.orders[order_id]

    def capture(self, order: Order) -> Capture:
        """Take the money of an approved order. Raises Refused."""
        if order.capture_id:
            raise refuse("ORDER_ALREADY_CAPTURED")
        if order.status != "APPROVED":
            raise refuse("ORDER_NOT_APPROVED")
        order.attempts += 1
        if order.will == "decline":
            order.status = "CREATED"
            raise refuse("INSTRUMENT_DECLINED")
        invoice = str(order.unit.get("invoice_id", ""))
        if invoice and any(each.invoice_id == invoice for each in self.captures.values()):
            raise refuse("DUPLICATE_INVOICE_ID")
        status = "PENDING" if order.will == "pending" else "COMPLETED"
        made = Capture(
            id=new_id(),
            order_id=order.id,
            status=status,
            amount=dict(order.unit["amount"]),
            custom_id=str(order.unit.get("custom_id", "")),
            invoice_id=invoice,
        )
        self.captures[made.id] = made
        order.capture_id, order.status = made.id, "COMPLETED"
        return made

    def refund(self, capture_id: str, body: dict[str, Any]) -> Refund:
        """Give back. Raises Refused."""
        capture = self.captures.get(capture_id)
        if capture is None:
            raise Refused(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        if capture.status == "PENDING":
            raise refuse("PENDING_CAPTURE")
        if capture.left <= 0:
            raise refuse("CAPTURE_FULLY_REFUNDED")
        currency = capture.amount["currency_code"]
        asked = body.get("amount") or {"currency_code": currency, "value": str(capture.left)}
        demand_money(asked)
        if asked["currency_code"] != currency:
            raise refuse("REFUND_CAPTURE_CURRENCY_MISMATCH")
        value = Decimal(asked["value"])
        if value > capture.left:
            raise refuse("REFUND_AMOUNT_EXCEEDED")
        if len(str(body.get("note_to_payer", ""))) > 255:
            raise Refused(400, "INVALID_REQUEST", "INVALID_STRING_LENGTH", "note_to_payer")
        capture.refunded = str(Decimal(capture.refunded) + value)
        capture.status = "REFUNDED" if capture.left == 0 else "PARTIALLY_REFUNDED"
        made = Refund(
            id=new_id(),
            capture_id=capture_id,
            status="COMPLETED",
            amount=dict(asked),
            custom_id=str(body.get("custom_id", "")),
            invoice_id=str(body.get("invoice_id", "")),
            note=str(body.get("note_to_payer", "")),
        )
        self.refunds[made.id] = made
        return made


def demand_money(amount: Any) -> None:
    """Raises Refused for an amount that is not as PayPal takes it."""
    try:
        value = amount["value"]
        code = amount["currency_code"]
        number = Decimal(value) if isinstance(value, str) else None
    except (TypeError, KeyError, InvalidOperation) as error:
        raise Refused(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX", "amount") from error
    if number is None or not number.is_finite() or len(code) != 3:
        raise Refused(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX", "amount")
    if number <= 0:
        raise refuse("CANNOT_BE_ZERO_OR_NEGATIVE", "amount")
    digits = -int(number.as_tuple().exponent)
    if code in WHOLE and digits > 0:
        raise refuse("DECIMALS_NOT_SUPPORTED", "amount")
    if digits > 2:
        raise refuse("DECIMAL_PRECISION", "amount")


def new_id() -> str:
    """As PayPal's look: 17 letters and digits."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    return "".join(secrets.choice(letters) for _ in range(17))


def instant() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
