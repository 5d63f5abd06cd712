"""Pages of the roles: the matrix of who may do what, edited in place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload, NotFound
from app.extensions import db
from app.forms import text
from app.staff import powers, roles, team
from app.staff.context import current_actor, current_scope, now
from app.staff.forms import RoleForm
from app.staff.granting import MANAGE, VIEW
from app.staff.guards import requires
from app.staff.memberships import role_of
from app.staff.models import Role
from app.staff.permissions import Permission
from app.staff.routes import refused
from app.web import go, page, say, toast, wants_fragment

roles_pages = Blueprint("roles", __name__)


@roles_pages.get("/roles")
@requires(VIEW)
def index() -> Response:
    """The matrix: permissions × roles."""
    return page(
        "staff/roles.html",
        roles=team.roles(db.session()),
        use=team.use_of_roles(db.session()),
        modules=powers.by_module(),
        **_abilities(),
    )


@roles_pages.route("/roles/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Response:
    """Make a role: empty, or like another."""
    scope, form = current_scope(), RoleForm(like=request.args.get("like", ""))
    known = [r for r in team.roles(db.session()) if scope.holds(r.grants, None)]
    form.like.choices = [("", "Nothing yet"), *((str(r.id), r.name) for r in known)]
    if not roles.may_edit(scope) or not form.is_submitted():
        return page("staff/role_new.html", form=form, **_abilities())
    if not form.validate():
        return page("staff/role_new.html", form=form, status=422, **_abilities())
    like = UUID(form.like.data) if form.like.data else None
    try:
        role = roles.create(db.session(), current_actor(), scope, text(form.name), like)
    except InvalidPayload as error:
        db.session.rollback()
        return refused("staff/role_new.html", form, error, **_abilities())
    db.session.commit()
    say(f"The role {role.name} is made. Tick what it may do.")
    return go(url_for("roles.index"))


@roles_pages.get("/roles/<uuid:role_id>")
@requires(VIEW)
def show(role_id: UUID) -> Response:
    """One role: its name, and what can be done with it."""
    role = role_of(db.session(), role_id)
    form = RoleForm(name=role.name)
    return page("staff/role.html", form=form, **_role_context(role))


@roles_pages.post("/roles/<uuid:role_id>")
@requires(MANAGE)
def rename(role_id: UUID) -> Response:
    """Another name."""
    form = RoleForm()
    try:
        roles.rename(db.session(), current_actor(), current_scope(), role_id, text(form.name))
    except InvalidPayload as error:
        db.session.rollback()
        context = _role_context(role_of(db.session(), role_id))
        return refused("staff/role.html", form, error, **context)
    db.session.commit()
    say("Saved.")
    return go(url_for("roles.show", role_id=role_id))


@roles_pages.post("/roles/<uuid:role_id>/delete")
@requires(MANAGE)
def delete(role_id: UUID) -> Response:
    """Delete a role that nobody has."""
    role = roles.delete(db.session(), current_actor(), current_scope(), role_id, now())
    name = role.name
    db.session.commit()
    say(f"The role {name} is deleted.")
    return go(url_for("roles.index"))


@roles_pages.post("/roles/<uuid:role_id>/permissions/<permission>")
@requires(MANAGE)
def set_permission(role_id: UUID, permission: str) -> Response:
    """Tick or untick one cell; `held` is in the form, or in the address of an Undo."""
    try:
        chosen = Permission(permission)
    except ValueError:
        raise NotFound("There is no such permission.") from None
    held = _wanted()
    role = roles.set_permission(
        db.session(), current_actor(), current_scope(), role_id, chosen, held
    )
    text = f"{role.name} {'may' if held else 'may not'}: {chosen.value}."
    return _cell_changed(role, "staff/_permission_cell.html", text, held, permission=chosen)


@roles_pages.post("/roles/<uuid:role_id>/two-step")
@requires(MANAGE)
def require_two_step(role_id: UUID) -> Response:
    """Ask 2-step sign-in of all who hold the role, or not any more."""
    held = _wanted()
    role = roles.require_two_step(db.session(), current_actor(), current_scope(), role_id, held)
    text = f"{role.name} {'asks' if held else 'does not ask'} for 2-step sign-in."
    return _cell_changed(role, "staff/_two_step_cell.html", text, held)


def _wanted() -> bool:
    return request.values.get("held") == "1"


def _cell_changed(role: Role, template: str, said: str, held: bool, **context: Any) -> Response:
    """The cell as it is now, and the way back."""
    role_id = role.id
    cell = f"#cell-{role_id}-{context.get('permission', 'two-step')}".replace(":", "-")
    db.session.commit()
    if not wants_fragment():
        say(said)
        return go(url_for("roles.index"))
    answer = page(template, role=role_of(db.session(), role_id), **context, **_abilities())
    back = f"{request.path}?held={0 if held else 1}"
    undo = {"url": back, "label": "Undo", "target": cell, "swap": "outerHTML"}
    return toast(answer, said, undo=undo)


def _abilities() -> dict[str, Any]:
    """What the signed-in person may change of roles."""
    scope = current_scope()
    return {
        "may_edit": roles.may_edit(scope),
        "holds": scope.can,
        "holds_all": lambda role: scope.holds(role.grants, None),
        "words": powers.words,
    }


def _role_context(role: Role) -> dict[str, Any]:
    return {
        "role": role,
        "holders": team.use_of_roles(db.session()).get(role.id, 0),
        "modules": powers.by_module(),
        **_abilities(),
    }
