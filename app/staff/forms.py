"""Forms of the staff door."""

from __future__ import annotations

from wtforms import (
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
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


class CodeForm(Form):
    """A code of the authenticator app, or a recovery code."""

    code = StringField(
        "Code",
        [DataRequired("Type the code."), Length(max=20)],
        render_kw={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"},
    )


class ProofForm(Form):
    """Is it still you?"""

    current = PasswordField(
        "Your password",
        [DataRequired("Type your password."), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class _NewPassword(Form):
    """A password, twice. Which ones nobody may choose is said in `passwords`."""

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


class PasswordForm(ProofForm, _NewPassword):
    """Change one's own password."""


class JoinForm(_NewPassword):
    """Somebody new, by invitation."""

    name = StringField(
        "Your name",
        [DataRequired("Type your name."), Length(max=100)],
        render_kw={"autocomplete": "name"},
    )


class FirstAdminForm(JoinForm):
    """The first superadmin of an empty installation."""

    email = EmailField(
        "E-mail",
        [
            DataRequired("Type your e-mail address."),
            Length(max=254),
            Regexp(ADDRESS, message="This is not an e-mail address."),
        ],
        render_kw={"autocomplete": "username"},
    )


class InviteForm(Form):
    """Who is invited, and to what."""

    name = StringField("Name", [DataRequired("Type a name."), Length(max=100)])
    email = EmailField(
        "E-mail",
        [
            DataRequired("Type an e-mail address."),
            Length(max=254),
            Regexp(ADDRESS, message="This is not an e-mail address."),
        ],
        render_kw={"autocomplete": "off"},
    )
    role = SelectField("Role", [DataRequired("Choose a role.")])
    websites = SelectMultipleField("Websites")


class RoleForm(Form):
    """A role of one's own."""

    name = StringField(
        "Name", [DataRequired("Type a name."), Length(max=40)], render_kw={"autocomplete": "off"}
    )
    like = SelectField("Start with what this role may do")
