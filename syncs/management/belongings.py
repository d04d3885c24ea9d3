"""Whose people and merchants the database holds: the sandbox's, or a real installation's."""

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from syncs.models import Merchant, User
from syncs.processes.errors import CannotRun
from syncs.roles import ROLES


def refuse_unreachable() -> None:
    """Raises CannotRun when the database does not answer."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = (str(error).splitlines() or ["no reason was given"])[0].rstrip(".: ")
        raise CannotRun(f"The database cannot be opened: {reason}.") from None
    finally:
        connection.close()


def refuse_mixing(*, sandboxed: bool) -> None:
    """Keeps users whose password is their name, and made-up merchants, apart from real ones.

    Raises CannotRun.
    """
    demo = _has_demo_users()
    if demo and not sandboxed:
        raise CannotRun(
            "This database holds the sandbox's demo users and merchants. A real Codat account"
            " needs one of its own: set DATABASE_URL, or VAR_DIR to a new folder."
        )
    if sandboxed and not demo and (User.objects.exists() or Merchant.objects.exists()):
        raise CannotRun(
            "This database belongs to a real Codat account. Set CODAT_API_KEY; or, to try the sandbox,"
            " set VAR_DIR to a new folder and leave DATABASE_URL empty."
        )


def lacks_demo_users() -> bool:
    return _named_like_roles().count() < len(ROLES)


def has_users() -> bool:
    return User.objects.exists()


def has_merchants() -> bool:
    return Merchant.objects.exists()


def _has_demo_users() -> bool:
    """A demo user is named like a role and has that name as password."""
    return any(user.check_password(user.username) for user in _named_like_roles())


def _named_like_roles() -> QuerySet[User]:
    return User.objects.filter(username__in=ROLES)
