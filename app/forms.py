"""The base of every form of a page."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field

from app.errors import HubError


class Form(FlaskForm):  # type: ignore[misc]  # the library ships no types
    """A form with a CSRF token that is filled from the request."""

    def take(self, error: HubError) -> None:
        """Show what an action found wrong, at the fields it names."""
        for fault in error.details:
            field = self._fields.get(fault.field)
            if field is None:
                self.form_errors.append(fault.message)
            else:
                field.errors = [*field.errors, _sentence(field, fault.message)]
        if not error.details:
            self.form_errors.append(error.message)


def _sentence(field: Field, message: str) -> str:
    """A fault that leaves its subject out, with it: `Name is required.`"""
    if message.startswith(("Is ", "Must ")):
        return f"{field.label.text} {message[0].lower()}{message[1:]}"
    return message


def text(field: Field) -> str:
    """What was typed, without the spaces around it; empty for a field left out."""
    return str(field.data or "").strip()
