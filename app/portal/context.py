"""The partner of whoever is asking: for the pages of the portal."""

from __future__ import annotations

from typing import cast

from flask import g

from app.errors import NotFound
from app.extensions import db
from app.partners import queries as partners
from app.partners.models import Partner
from app.portal.side import Side
from app.staff.context import current_person
from app.wall import open_for


def current_side() -> Side:
    """The partner of the signed-in person; opens the second wall for its websites.

    Every query of the portal is by the partner's id besides. Raises NotFound.
    """
    if "side" not in g:
        session, person = db.session(), current_person()
        partner = session.get(Partner, person.partner_id) if person.partner_id else None
        if partner is None or not partner.is_active:
            raise NotFound("There is no such page.")
        g.side = Side(partner, partners.websites_of(session, partner.id))
        open_for(session, g.side.websites)
    return cast(Side, g.side)
