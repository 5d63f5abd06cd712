"""What a connection must look like, whichever door it comes by. Pure: what is stored is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from app.bookings.status import Status
from app.errors import Fault, InvalidPayload
from app.outbound.guard import unusable
from app.platforms import registry
from app.platforms.base import FormField, Kind
from app.venues.values import Reading, Wrong

LONGEST = 500
MOST_WORDS = 200
"""Words for a status that one connection may explain."""
LONGEST_WORD = 100
WRONG = "The connection cannot be saved like this."
SILENT = ""
"""In the place of a status: this word says nothing about a booking."""


def kind_of(name: Any) -> Kind:
    """The platform of this type. Raises InvalidPayload."""
    kind = registry.KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidPayload(WRONG, [Fault("platform_type", "Choose the platform.")])
    return kind


def is_address(each: FormField) -> bool:
    """Whether a field says where calls go: whoever changes it could have the secrets sent there."""
    return each.name == "url" or each.name.endswith("_url")


def clean_account(kind: Kind, said: Any, stored: Mapping[str, Any]) -> dict[str, str]:
    """The account as it is kept; what is absent, and a secret that is empty, stays as stored.

    Raises InvalidPayload with every fault; a new address wants every secret anew.
    """
    given = _known(kind.fields, said, "account")
    typed = {each.name: given[each.name] for each in kind.fields if _is_said(each, given)}
    reading = Reading({**stored, **typed}, "account.")
    cleaned = {each.name: reading.take(each.name, partial(_text, each)) for each in kind.fields}
    before = {each.name: str(stored.get(each.name) or "") for each in kind.fields}
    moved = any(is_address(f) and before[f.name] not in ("", cleaned[f.name]) for f in kind.fields)
    for each in kind.fields:
        if moved and each.secret and each.name not in typed and before[each.name]:
            reading.wrong(each.name, "Enter it again: it would go to another address.")
    reading.done(WRONG)
    return {name: value for name, value in cleaned.items() if value}


def clean_options(kind: Kind, said: Any, stored: Mapping[str, Any]) -> dict[str, str]:
    """The options that differ from the recommended. Raises InvalidPayload with every fault."""
    given = _known(kind.options, said, "options")
    reading, cleaned = Reading({**stored, **given}, "options."), {}
    for each in kind.options:
        value = reading.take(each.name, partial(_option, each))
        if value and value != each.default:
            cleaned[each.name] = value
    reading.done(WRONG)
    return cleaned


def clean_statuses(kind: Kind, said: Any) -> dict[str, str]:
    """Its words to ours, as far as they differ from the usual: all that are said, and no others.

    Raises InvalidPayload.
    """
    if not isinstance(said, Mapping) or len(said) > MOST_WORDS:
        raise InvalidPayload(WRONG, [Fault("statuses", f"At most {MOST_WORDS} words.")])
    faults, cleaned = [], {}
    for word, status in said.items():
        name = str(word).strip()
        if not name or len(name) > LONGEST_WORD or not name.isprintable():
            faults.append(Fault("statuses", f"A word has 1 to {LONGEST_WORD} characters."))
        elif not isinstance(status, str) or status not in {SILENT, *Status}:
            faults.append(Fault(f"statuses.{name}", "Choose one of our statuses, or none."))
        elif kind.statuses.get(name) != status:
            cleaned[name] = str(status)
    if faults:
        raise InvalidPayload(WRONG, faults)
    return cleaned


def for_log(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """{label: [old, new]} of an account; of a secret only that there is one."""
    changed = {}
    for each in kind.fields:
        old, new = before.get(each.name) or None, after.get(each.name) or None
        if old == new:
            continue
        if each.secret:
            old, new = "stored" if old else None, ("replaced" if old else "stored") if new else None
        changed[each.label] = [old, new]
    return changed


def _known(fields: Any, said: Any, group: str) -> Mapping[str, Any]:
    """What was said of these fields. Raises InvalidPayload for others."""
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise InvalidPayload(WRONG, [Fault(group, "Must be an object.")])
    names = {each.name for each in fields}
    strange = [Fault(f"{group}.{name}", "Is unknown here.") for name in said if name not in names]
    if strange:
        raise InvalidPayload(WRONG, strange)
    return said


def _is_said(each: FormField, given: Mapping[str, Any]) -> bool:
    return each.name in given and not (each.secret and given[each.name] in (None, ""))


def _text(each: FormField, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise Wrong("Must be a text.")
    text = (value or "").strip() or each.default
    if not text:
        if each.required:
            raise Wrong("Is required.")
        return ""
    if len(text) > LONGEST:
        raise Wrong(f"Use at most {LONGEST} characters.")
    if not text.isprintable():
        raise Wrong("Must be one line of text.")
    if each.choices and text not in {choice for choice, _ in each.choices}:
        raise Wrong("Choose one of the list.")
    if is_address(each) and (why := unusable(text) or _overfull(text)):
        raise Wrong(why)
    return text


def _overfull(address: str) -> str | None:
    """Why more than a place is said; None where it is not. Addresses are shown, and paths follow
    them."""
    parts = urlsplit(address)
    if "@" in parts.netloc:
        return "Leave out user name and password: this address is shown."
    return "Leave out what follows ? or #." if "?" in address or "#" in address else None


def _option(each: FormField, value: Any) -> str:
    """One that is recommended as a number is a whole number."""
    text = _text(each, str(value) if isinstance(value, int) else value)
    if each.choices or not each.default.isdecimal():
        return text
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) > 0):
        raise Wrong("Must be a whole number from 1 to 99,999.")
    return str(int(text))
