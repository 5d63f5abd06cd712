"""Which words a message has: the website's own, else the built-in ones; and the check at saving."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.errors import Fault
from app.messaging.builtin import Words, builtin
from app.messaging.languages import FALLBACK
from app.messaging.models import Kind, Medium, MessageTemplate
from app.messaging.sandbox import Unusable, fill, inspect
from app.messaging.variables import LABELS, REGULAR, REQUIRED, VARIABLES, examples, names, of_kind

LONGEST_SUBJECT = 300
_STOPPERS = "CANCEL|YES|NO|END|QUIT|STOPALL|UNSUBSCRIBE|REVOKE|OPTOUT|START|UNSTOP|SÍ|SI"
_ASKS = re.compile(
    rf"\b(?:reply|answer|text|send|respond\w*|conteste|envíe)\b[^.!?\n{{}}]{{0,24}}"
    rf"[\s\"'“‘«](?:{_STOPPERS})\b(?!\s+or\b)",
    re.IGNORECASE,
)
_NUMBER = "With some of these words guests stop or start all SMS: ask them to call instead."


@dataclass(frozen=True)
class Chosen:
    """The words of a message, and whether it is sent at all."""

    words: Words
    is_on: bool


def choose(
    own: Sequence[MessageTemplate],
    kind: Kind,
    medium: Medium,
    variant: str,
    languages: Iterable[str],
) -> Chosen:
    """The words in the first of these languages in which there are any.

    In one language words of the variant come before those of all, and own ones before ours. A
    message that is switched off for a variant is off in every language.
    """
    rows = {
        (row.variant, row.language): row for row in own if row.kind == kind and row.medium == medium
    }
    is_on = all(row.is_on for (of, _), row in rows.items() if of == variant)
    for language in dict.fromkeys([*languages, FALLBACK]):
        for each in dict.fromkeys((variant, REGULAR)):
            row = rows.get((each, language))
            if row is not None and row.body:
                return Chosen(Words(row.subject, row.body, language, is_own=True), is_on)
            if words := builtin(kind, medium, each, language):
                return Chosen(words, is_on)
    raise LookupError(f"there are no words for {kind} by {medium}")


def check(kind: Kind, medium: Medium, subject: str, body: str) -> list[Fault]:
    """What is wrong with a template, for who wrote it. Empty: it can be used for any booking."""
    faults = []
    texts = [("body", body)] if medium is Medium.SMS else [("subject", subject), ("body", body)]
    for field, text in texts:
        if not text.strip():
            faults.append(Fault(field, "Write something."))
        elif found := _problem(kind, text):
            faults.append(Fault(field, found))
    if medium is Medium.EMAIL and len(subject) > LONGEST_SUBJECT:
        faults.append(Fault("subject", f"At most {LONGEST_SUBJECT} characters."))
    if medium is Medium.EMAIL and "\n" in subject.strip():
        faults.append(Fault("subject", "A subject is one line."))
    if medium is Medium.SMS and _ASKS.search(body):
        faults.append(Fault("body", _NUMBER))
    if not faults and (lacks := _lacking(kind, body)):
        faults.append(Fault("body", lacks))
    return faults


def _problem(kind: Kind, text: str) -> str | None:
    try:
        used = inspect(text)
        for name in sorted(used.names):
            if name not in names(of_kind(kind)):
                return _unknown(kind, name)
        for empty in (False, True):
            fill(text, examples(kind, empty=empty), guard=False)
    except Unusable as error:
        return str(error)
    return None


def _unknown(kind: Kind, name: str) -> str:
    if name in VARIABLES:
        return f"“{name}” has no value in this message: {LABELS[kind].lower()}."
    near = difflib.get_close_matches(name, names(of_kind(kind)), n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"There is no variable “{name}”.{hint}"


def _lacking(kind: Kind, body: str) -> str | None:
    needed = REQUIRED.get(kind)
    if needed is None or needed in inspect(body).names:
        return None
    return f"“{needed}” is missing: without it this message is of no use."
