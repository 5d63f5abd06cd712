"""The link under which a guest pays."""

from __future__ import annotations

from app.links import SignedLinks
from app.payments.models import Payment

links = SignedLinks("pay a deposit", "/pay/")
token_of, read = links.token_of, links.read


def pay_url(payment: Payment) -> str:
    """Where the guest pays it, in full."""
    return links.url(payment.id)
