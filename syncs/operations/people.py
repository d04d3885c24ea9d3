"""Who may use the panel, and as what. Users are deactivated, never deleted: their names stand in the record."""

from django.contrib.auth.models import Group
from django.db import transaction

from syncs.models import User
from syncs.operations import log
from syncs.roles import ROLES


def role_of(user: User) -> str:
    """The highest of a user's roles; empty without one, which is as good as viewer."""
    held = set(user.groups.values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in held), "")


def give_role(user: User, role: str, *, by: User | None = None) -> None:
    with transaction.atomic():
        before = role_of(user)
        if before == role:
            return
        user.groups.set([Group.objects.get(name=role)])
        what = f"Gave {user.display_name} the role {role}"
        log.record("user.role", what, actor=by, before=before, after=role)


def set_active(user: User, active: bool, *, by: User | None = None) -> None:
    """A deactivated user is signed out everywhere by the next click."""
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active) != 1:
            return
        user.is_active = active
        done = "Activated" if active else "Deactivated"
        log.record(f"user.{done.lower()}", f"{done} {user.display_name}", actor=by)


def choose_columns(user: User, columns: str) -> None:
    """As `syncs/columns.py` writes them. Only of how one's own list looks: no entry of the log."""
    User.objects.filter(pk=user.pk).update(columns=columns)
    user.columns = columns
