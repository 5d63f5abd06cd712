"""Forms of the staff door."""

from __future__ import annotations

from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length, Regexp

from app.forms import Form
from app.staff.passwords import MAX_LENGTH, MIN_LENGTH

ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class LoginForm(Form):
    """Who are you?"""

    email = EmailField(
        "E-mail",
        [DataRequired("Type your e-mail address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [DataRequired("Type your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class FirstAdminForm(Form):
    """The first superadmin of an empty installation."""

    name = StringField(
        "Your name",
        [DataRequired("Type your name."), Length(max=100)],
        render_kw={"autocomplete": "name", "autofocus": True},
    )
    email = EmailField(
        "E-mail",
        [
            DataRequired("Type your e-mail address."),
            Length(max=254),
            Regexp(ADDRESS, message="This is not an e-mail address."),
        ],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [
            DataRequired("Choose a password."),
            Length(MIN_LENGTH, MAX_LENGTH, f"Use at least {MIN_LENGTH} characters."),
        ],
        description=f"At least {MIN_LENGTH} characters; a few words are easier to remember.",
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH},
    )
    again = PasswordField(
        "Password again",
        [EqualTo("password", "The two passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )
