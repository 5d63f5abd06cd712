"""What happened at a venue, in words, for its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.events.models import Event
from app.venues import offerrules, rules

SAID = {
    "venue.added": "added the venue",
    "venue.updated": "changed the venue",
    "venue.hours_changed": "changed the opening hours",
    "venue.special_day_set": "set a special day: {day}",
    "venue.special_day_removed": "took a special day away: {day}",
    "venue.dive_site_added": "added the dive site {dive_site}",
    "venue.dive_site_updated": "changed the dive site {dive_site}",
    "activity.added": "added {activity}",
    "activity.updated": "changed {activity}",
    "departure.added": "added a departure of {activity}",
    "departure.series_added": "added a series of departures of {activity}",
    "departure.week_copied": "copied departures into the week of {week}",
    "departure.updated": "changed the departure of {activity} on {departure}",
    "departure.closed": "closed the departure of {activity} on {departure}",
    "departure.opened": "opened the departure of {activity} on {departure}",
    "departure.deleted": "deleted the departure of {activity} on {departure}",
    "menu.section_added": "added the section {section} to the menu",
    "menu.section_updated": "changed the section {section} of the menu",
    "menu.section_moved": "moved the section {section} of the menu",
    "menu.section_deleted": "deleted the section {section} from the menu",
    "menu.dish_added": "added {dish} to the menu",
    "menu.dish_updated": "changed {dish} on the menu",
    "menu.dish_moved": "moved {dish} on the menu",
    "menu.dish_deleted": "deleted {dish} from the menu",
    "slot.closed": "closed {activity}",
    "slot.opened": "opened {activity} again",
}
"""Names of the events of venues, and what people read."""
MENU = {
    "is_main": "Main dishes",
    "section": "Section",
    "allergens": "Allergens",
    "from_day": "Served from",
    "until_day": "Served until",
    "is_available": "Available",
}
LABELS = {**rules.SITE, **rules.VENUE, **offerrules.ACTIVITY, **MENU, "is_closed": "Closed"}
_NAMES = ("day", "dive_site", "activity", "departure", "week", "section", "dish")
_KINDS = {"user": "staff"}
_MOST = 12


def said(name: str, meta: dict[str, Any]) -> str:
    """An event in words; a name that nobody has put into words stands for itself."""
    known = dict.fromkeys(_NAMES, "")
    return SAID.get(name, name).format_map({**known, **meta})


def lines(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events as the timeline shows them."""
    return [
        {
            "at": event.occurred_at,
            "actor": event.actor_label,
            "kind": _KINDS.get(event.actor_kind, event.actor_kind),
            "door": "",
            "summary": _summary(event),
            "changes": _changes(event),
            "note": None,
            "deliveries": [],
        }
        for event in events
    ]


def _summary(event: Event) -> str:
    pair = event.changes.get("is_active")
    if event.name in ("venue.updated", "activity.updated") and pair and len(event.changes) == 1:
        what = "the venue" if event.name == "venue.updated" else event.meta.get("activity", "")
        return f"switched {what} {'on' if pair[1] else 'off'}"
    served = event.changes.get("is_available")
    if event.name == "menu.dish_updated" and served and len(event.changes) == 1:
        return f"switched {event.meta.get('dish', '')} {'on' if served[1] else 'off'}"
    return said(event.name, event.meta)


def _changes(event: Event) -> list[dict[str, Any]]:
    if event.name in ("venue.added", "activity.added", "menu.section_added", "menu.dish_added"):
        return []
    return [
        {
            "label": LABELS.get(name, name.replace("_", " ").capitalize()),
            "old": in_words(pair[0]),
            "new": in_words(pair[1]),
        }
        for name, pair in sorted(event.changes.items(), key=_order)
    ]


def _order(change: tuple[str, Any]) -> int:
    """As on the pages; JSON keeps no order."""
    known = [*rules.WEEKDAYS, *LABELS]
    return known.index(change[0]) if change[0] in known else len(known)


def in_words(value: Any) -> Any:
    """A value of a change as people read it; long lists are cut."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        shown = [_line(each) for each in value[:_MOST]]
        more = [f"and {len(value) - _MOST} more"] if len(value) > _MOST else []
        return ", ".join([*shown, *more]) or None
    return value if value is None else str(value)


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value.get('percent')} % from {value.get('guests')} guests"
    return str(value)
