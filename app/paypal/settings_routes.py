"""How a website takes money: its PayPal account, and whether PayPal knows it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request, url_for
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, StringField

from app.deliveries.log import masked_headers
from app.errors import InvalidPayload
from app.extensions import db
from app.forms import Form, text
from app.outbound import Answer
from app.payments import links
from app.payments import settings as actions
from app.payments.models import PaymentSettings
from app.paypal import http
from app.paypal.client import Account, PayPal, data_of, token_call, tokens
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites import queries as websites

payment_settings = Blueprint("payment_settings", __name__)

MANAGE = Permission.WEBSITES_MANAGE
HOOK = "/api/webhooks/paypal/table-bookings"


class SettingsForm(Form):
    """The account. The secret is never shown again."""

    is_on = BooleanField("Guests can pay deposits by PayPal")
    is_live = SelectField(
        "Account", choices={"": "Sandbox: no real money", "1": "Live: real money"}
    )
    client_id = StringField("Client ID")
    secret = PasswordField("Secret", description="Leave it empty to keep the one that is there.")
    webhook_id = StringField("Webhook ID", description="PayPal shows it beside the webhook.")
    verify_online = BooleanField(
        "Ask PayPal whether each webhook is genuine",
        description="Otherwise its certificate is checked here, which is quicker.",
    )
    deposit_minutes = IntegerField("Minutes to pay a deposit")

    def values(self) -> dict[str, Any]:
        """For the action."""
        return {
            "is_on": bool(self.is_on.data),
            "is_live": self.is_live.data == "1",
            "client_id": text(self.client_id),
            "secret": text(self.secret),
            "webhook_id": text(self.webhook_id),
            "verify_online": bool(self.verify_online.data),
            "deposit_minutes": self.deposit_minutes.data,
        }


@payment_settings.get("/websites/<website_id>/payments")
@requires(MANAGE)
def edit(website_id: str) -> Response:
    """The account as it is."""
    there = actions.load(db.session(), _website(website_id))
    shown = {name: getattr(there, name) for name in actions.PLAIN}
    return _page(website_id, SettingsForm(data={**shown, "is_live": "1" if there.is_live else ""}))


@payment_settings.post("/websites/<website_id>/payments")
@requires(MANAGE)
def save(website_id: str) -> Response:
    """Change it."""
    _website(website_id)
    session, form = db.session(), SettingsForm()
    try:
        actions.change(session, current_actor(), current_scope(), website_id, form.values())
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _page(website_id, form, status=422)
    session.commit()
    say("Saved.")
    return go(url_for("payment_settings.edit", website_id=website_id))


@payment_settings.post("/websites/<website_id>/payments/test")
@requires(MANAGE)
def test(website_id: str) -> Response:
    """Ask PayPal for a token with what is saved, and show the exchange without its secrets."""
    there = actions.load(db.session(), _website(website_id))
    shown = {name: getattr(there, name) for name in actions.PLAIN}
    form = SettingsForm(formdata=None, data={**shown, "is_live": "1" if there.is_live else ""})
    if not there.client_id or not there.secret:
        say("Enter the client ID and the secret first, and save.", "warning")
        return go(url_for("payment_settings.edit", website_id=website_id))
    return _page(website_id, form, exchange=_tried(there))


def _tried(there: PaymentSettings) -> dict[str, Any]:
    account = Account.of(there)
    db.session.commit()
    tokens.drop(account)
    call = token_call(account)
    answer = http.run(PayPal(account, http.send).fetch_token())
    said = data_of(answer)
    hidden = {k: "(hidden)" if k in ("access_token", "nonce") else v for k, v in said.items()}
    good = isinstance(answer, Answer) and answer.status == 200 and bool(said.get("access_token"))
    return {
        "good": good,
        "request": {
            "method": "POST",
            "url": call.url,
            "headers": masked_headers(call.headers),
            "body": call.body.decode(),
        },
        "response": {
            "status": answer.status if isinstance(answer, Answer) else None,
            "headers": {},
            "body": json.dumps(hidden, indent=2),
            "error": None if isinstance(answer, Answer) else answer.message,
        },
        "ms": answer.duration_ms,
    }


def _website(website_id: str) -> str:
    return websites.get(db.session(), current_scope(), website_id, MANAGE).id


def _page(website_id: str, form: SettingsForm, status: int = 200, **shown: Any) -> Response:
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    there = actions.load(db.session(), website_id)
    context = {
        "w": website,
        "form": form,
        "has_secret": bool(there.secret),
        "hook": links.links.address(HOOK),
        "tested": request.path.endswith("/test"),
        **shown,
    }
    return page("payments/settings.html", None, status, **context)
