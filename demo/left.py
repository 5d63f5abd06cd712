"""What the demo leaves behind that everybody knows: production does not start with it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.crypto import hash_email, hash_secret
from app.partners.models import Partner
from app.staff.models import User
from app.staff.passwords import verify_password
from demo.catalogue import BRANDS
from demo.load import PASSWORD, PEOPLE, REEF_PERSON
from demo.partners import AGENCIES
from demo.play import key_of


def public_secrets(session: Session) -> list[str]:
    """Demo keys and logins that still work, a sentence each: what it is and what to do."""
    clear = [*(key_of(brand) for brand in BRANDS), *(agency.key for agency in AGENCIES)]
    keys = [hash_secret(key) for key in clear]
    lives = ApiKey.expires_at.is_(None) | (ApiKey.expires_at > func.now())
    works = ApiKey.key_hash.in_(keys) & ApiKey.revoked_at.is_(None) & lives
    owner = func.coalesce(ApiKey.website_id, Partner.name)
    working = select(owner).join(Partner, Partner.id == ApiKey.partner_id, isouter=True)
    faults = [
        f"The demo's API key of {name} works, and everybody knows it: revoke it."
        for name in session.scalars(working.where(works).order_by(owner))
    ]
    addresses = [REEF_PERSON[0], *(person[0] for person in PEOPLE)]
    people = {hash_email(email): email for email in addresses}
    active = select(User).where(User.email_hash.in_(people), User.is_active)
    for user in session.scalars(active.order_by(User.name)):
        if verify_password(user.password_hash, PASSWORD):
            email = people[bytes(user.email_hash)]
            faults.append(f"{email} has the demo's password: change it, or switch the person off.")
    return faults
