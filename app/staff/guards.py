"""Every view says who may call it; a view that says nothing is refused.

    @websites.get("/websites")
    @requires(Permission.WEBSITES_VIEW)
    def index() -> Response: ...

A guard looks at whether the permission is held at all; for which website is the business of the
loader behind it (`Scope.demand`, `Scope.clause`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request, url_for

from app.errors import Forbidden, NotFound
from app.extensions import csrf
from app.logs import get_logger
from app.staff import viewing
from app.staff.context import current_person, current_scope, viewed_person
from app.staff.identity import by_token
from app.staff.permissions import Permission
from app.web import go

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """The declaration of a view: open to all for a reason, or the permissions it takes."""

    permissions: tuple[Permission, ...] = ()
    open_because: str = ""
    of_partner: bool = False
    """For people of a partner, and nobody else."""


def requires(*permissions: Permission) -> Callable[[View], View]:
    """The caller is signed in and holds all these permissions, each for at least one website."""
    if not permissions:
        raise ValueError("name a permission, or use signed_in")
    return _declare(Access(permissions))


def signed_in(view: View) -> View:
    """Any signed-in person: for what concerns only themselves."""
    return _declare(Access())(view)


def partners_person(view: View) -> View:
    """Somebody of a partner: a page of its portal."""
    return _declare(Access(of_partner=True))(view)


def public(reason: str) -> Callable[[View], View]:
    """Anybody, because … Add `@csrf.exempt` where programs call that bring their own key."""
    if not reason:
        raise ValueError("say why anybody may call it")
    return _declare(Access(open_because=reason))


def before_two_step(view: View) -> View:
    """Also for somebody whose role asks for 2-step sign-in that they have not set up."""
    view.before_two_step = True  # type: ignore[attr-defined]
    return view


def while_viewing(view: View) -> View:
    """A change that somebody may make while they look at the desk as another person."""
    view.while_viewing = True  # type: ignore[attr-defined]
    return view


def declared(view: Callable[..., Any]) -> Access | None:
    """What a view declares; None when it was forgotten."""
    return getattr(view, "access", None)


def init_guards(app: Flask) -> None:
    """Check every request before its view runs: who, whether they may, and CSRF."""
    # Checked by `guard`, once it is known whether a cookie or a token speaks for the caller.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    public("files of the pages")(app.view_functions["static"])
    app.before_request(guard)


def guard() -> Response | None:
    """Raises AuthFailed, Forbidden or CSRFError. An unknown URL is left to its own answer."""
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    access = declared(view)
    if access is None:
        get_logger().error("view without a declared permission", route=request.endpoint)
        raise Forbidden("Nobody may open this page.")
    if not access.open_because:
        _check_side(access)
        if _two_step_is_missing(view):
            return _lead_to_two_step()
        _check_permissions(access)
    if not by_token():
        csrf.protect(apply_exemptions=True)
    _check_viewing(view, access)
    return None


def _check_side(access: Access) -> None:
    """The desk does not exist for people of partners, nor their portal for people of the desk.

    What concerns only oneself is for both.
    """
    is_partners = current_person().partner_id is not None
    if access.of_partner != is_partners and (access.of_partner or access.permissions):
        raise NotFound("There is no such page.")


def _two_step_is_missing(view: Callable[..., Any]) -> bool:
    person = current_person()
    if person.has_two_step or not person.needs_two_step:
        return False
    return not getattr(view, "before_two_step", False)


def _lead_to_two_step() -> Response:
    if request.path.startswith("/api/"):
        raise Forbidden("Your role asks for 2-step sign-in: set it up at the desk first.")
    return go(url_for("account.two_step_page"))


def _check_viewing(view: Callable[..., Any], access: Access) -> None:
    """Whoever looks at the desk as another person changes nothing."""
    changing = request.method not in ("GET", "HEAD", "OPTIONS")
    if access.open_because and not changing:
        return
    viewed = viewed_person()
    if viewed is None or (changing and getattr(view, "while_viewing", False)):
        return
    if changing:
        raise viewing.refusal(viewed)
    viewing.forbid_writing()


def _check_permissions(access: Access) -> None:
    scope = current_scope()
    if not all(scope.can_somewhere(permission) for permission in access.permissions):
        raise Forbidden("Your role does not include this.")


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark
