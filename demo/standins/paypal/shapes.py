"""Orders, captures and refunds as PayPal spells them."""

from __future__ import annotations

from typing import Any

from demo.standins.paypal.book import Book, Capture, Order, Refund, instant


def order_json(book: Book, order: Order, base: str) -> dict[str, Any]:
    unit = dict(order.unit)
    if order.capture_id:
        unit["payments"] = {"captures": [capture_json(book.captures[order.capture_id], base)]}
    here = f"{base}/v2/checkout/orders/{order.id}"
    approve = f"{base}/checkoutnow?token={order.id}"
    return {
        "id": order.id,
        "intent": "CAPTURE",
        "status": order.status,
        "purchase_units": [unit],
        "create_time": instant(),
        "links": [
            {"href": here, "rel": "self", "method": "GET"},
            {"href": approve, "rel": "approve", "method": "GET"},
            {"href": f"{here}/capture", "rel": "capture", "method": "POST"},
        ],
    }


def capture_json(capture: Capture, base: str) -> dict[str, Any]:
    value = capture.amount["value"]
    return {
        "id": capture.id,
        "status": capture.status,
        "amount": capture.amount,
        "final_capture": True,
        "custom_id": capture.custom_id,
        "invoice_id": capture.invoice_id,
        "seller_receivable_breakdown": {"gross_amount": capture.amount, "net_amount": value},
        "supplementary_data": {"related_ids": {"order_id": capture.order_id}},
        "links": [{"href": f"{base}/v2/payments/captures/{capture.id}", "rel": "self"}],
    }


def refund_json(book: Book, refund: Refund, base: str) -> dict[str, Any]:
    capture = book.captures[refund.capture_id]
    total = {"currency_code": refund.amount["currency_code"], "value": capture.refunded}
    return {
        "id": refund.id,
        "status": refund.status,
        "amount": refund.amount,
        "custom_id": refund.custom_id,
        "invoice_id": refund.invoice_id,
        "note_to_payer": refund.note,
        "seller_payable_breakdown": {"total_refunded_amount": total},
        "links": [
            {"href": f"{base}/v2/payments/refunds/{refund.id}", "rel": "self"},
            {"href": f"{base}/v2/payments/captures/{refund.capture_id}", "rel": "up"},
        ],
    }
