"""What people see of the stand-in: the page where a payer approves, and what it holds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from demo.standins.paypal import shapes
from demo.standins.paypal.book import Book, Order

if TYPE_CHECKING:
    from demo.standins.paypal.server import Standin

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<link rel="stylesheet" href="/style.css"></head><body><main>"""
TAIL = "</main></body></html>"
STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:2rem auto;padding:0 1rem}.card{max-width:24rem;margin:2rem auto}
button{display:block;width:100%;margin:.5rem 0;padding:.75rem;border:1px solid;border-radius:8px;
font:inherit}button.pay{background:#0b5fff;color:#fff;border-color:#0b5fff}
table{border-collapse:collapse;width:100%;margin:0 0 2rem}
th,td{padding:.25rem .5rem;text-align:left;border-bottom:1px solid #8884;overflow-wrap:anywhere}"""
CHOICES = (
    ("pay", "Pay now", "pay"),
    ("pending", "Pay by bank (stays pending)", ""),
    ("decline", "Pay with a card that is declined", ""),
    ("cancel", "Cancel and go back", ""),
)


def routes(standin: Standin) -> list[web.RouteDef]:
    """The addresses of the pages."""
    book = standin.book

    async def ask(request: web.Request) -> web.Response:
        order = book.orders.get(request.query.get("token", ""))
        if order is None:
            return _html("Not found", "<h1>There is no such order.</h1>", 404)
        return _html("Pay", _approval(order))

    async def decide(request: web.Request) -> web.Response:
        form = await request.post()
        order = book.orders.get(str(form.get("token", "")))
        choice = str(form.get("choice", ""))
        if order is None or choice not in [name for name, _, _ in CHOICES]:
            return _html("Not found", "<h1>There is no such order.</h1>", 404)
        query: dict[str, str] = {"token": order.id}
        if choice == "cancel":
            return _away(order.cancel_url, query)
        if not order.capture_id:
            order.status, order.will = "APPROVED", "" if choice == "pay" else choice
            said = shapes.order_json(book, order, standin.base)
            standin.teller.tell("CHECKOUT.ORDER.APPROVED", "checkout-order", said)
            book.keep()
        return _away(order.return_url, {**query, "PayerID": "PAYERSTANDIN"})

    async def index(request: web.Request) -> web.Response:
        return _html("Stand-in for PayPal", _overview(standin.holds()))

    async def style(request: web.Request) -> web.Response:
        return web.Response(text=STYLE, content_type="text/css")

    async def decided(request: web.Request) -> web.Response:
        """What was pending is decided: `{"capture": id, "status": "COMPLETED"}`; or money that
        came is taken back: `REVERSED`."""
        said = await request.json()
        _decide(standin, book, said["capture"], said["status"])
        return web.json_response(standin.holds())

    return [
        web.get("/checkoutnow", ask),
        web.post("/checkoutnow", decide),
        web.post("/__decide", decided),
        web.get("/style.css", style),
        web.get("/", index),
    ]


def _decide(standin: Standin, book: Book, capture_id: str, status: str) -> None:
    capture = book.captures[capture_id]
    if status != "REVERSED":
        capture.status = "DECLINED" if status == "DENIED" else status
    book.keep()
    said = shapes.capture_json(capture, standin.base)
    standin.teller.tell(f"PAYMENT.CAPTURE.{status}", "capture", said)


def _approval(order: Order) -> str:
    amount, what = order.unit["amount"], escape(str(order.unit.get("description", "")))
    buttons = "".join(
        f'<button class="{css}" name="choice" value="{name}">{label}</button>'
        for name, label, css in CHOICES
    )
    return (
        f'<div class="card"><p>Stand-in for PayPal. No real money moves.</p><h1>'
        f"{escape(amount['value'])} {escape(amount['currency_code'])}</h1><p>{what}</p>"
        f'<form method="post" action="/checkoutnow"><input type="hidden" name="token" '
        f'value="{escape(order.id)}">{buttons}</form></div>'
    )


def _overview(held: dict[str, Any]) -> str:
    parts = ["<h1>Stand-in for PayPal</h1>"]
    for name in ("orders", "captures", "refunds", "events"):
        rows = held[name][::-1][:100]
        names = [key for key in (rows[0] if rows else {}) if key not in ("unit", "return_url")]
        names = [key for key in names if key != "cancel_url"]
        head = "".join(f"<th>{escape(key)}</th>" for key in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(row[key]))}</td>" for key in names) + "</tr>"
            for row in rows
        )
        parts.append(f"<h2>{name.capitalize()}</h2><table><tr>{head}</tr>{body}</table>")
    return "".join(parts)


def _html(title: str, body: str, status: int = 200) -> web.Response:
    text = HEAD % escape(title) + body + TAIL
    return web.Response(text=text, status=status, content_type="text/html")


def _away(url: str, query: dict[str, str]) -> web.Response:
    joint = "&" if "?" in url else "?"
    return web.Response(status=303, headers={"Location": f"{url}{joint}{urlencode(query)}"})
