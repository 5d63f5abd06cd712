"""What the error codes of the SMS provider mean, for a message and for the guest's number."""

from __future__ import annotations

from app.messaging.results import Trouble

_CODES: dict[Trouble, dict[str, str]] = {
    Trouble.PERMANENT: {
        "21211": "This is no valid phone number.",
        "21614": "This number cannot receive SMS.",
        "21635": "This is a landline.",
        "30005": "Nobody knows this number.",
        "30006": "This is a landline, or its carrier cannot be reached.",
    },
    Trouble.CONSENT: {
        "21610": "The guest has answered STOP.",
        "63014": "The guest wants no messages.",
    },
    Trouble.TRANSIENT: {
        "30003": "The phone could not be reached.",
        "30008": "It was not delivered, for an unknown reason.",
        "20429": "Too many messages at once.",
    },
    Trouble.CONTENT: {
        "30007": "The carrier filtered the message.",
        "21606": "The sending number may not send SMS to this number.",
        "21617": "The message is too long.",
    },
    Trouble.CONFIGURATION: {
        "20003": "The SMS account refused our credentials.",
        "21608": "The SMS account is a trial account and may not write to this number.",
        "21612": "The SMS account has no route to this number.",
        "21408": "The SMS account may not write to this country.",
    },
}
_TROUBLE = {code: trouble for trouble, codes in _CODES.items() for code in codes}


def trouble_of(code: str | None) -> Trouble:
    """The class of an error code; a code that nobody taught us is for staff to look at."""
    return _TROUBLE.get(code or "", Trouble.CONTENT)


def reason_of(code: str | None) -> str:
    """A sentence for people."""
    for codes in _CODES.values():
        if code in codes:
            return codes[code]
    return f"The SMS provider refused it (code {code})." if code else "It was refused."
