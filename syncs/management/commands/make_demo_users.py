from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from syncs.checks import LOOPBACK
from syncs.models import User
from syncs.operations.people import give_role


class Demo(NamedTuple):
    """A user whose password and role are its name."""

    name: str
    first_name: str
    last_name: str


DEMO_USERS = (
    Demo("viewer", "Tom", "Adeyemi"),
    Demo("support", "Mei", "Tanaka"),
    Demo("lead", "Lena", "Horvath"),
    Demo("admin", "Priya", "Nair"),
)


class Command(BaseCommand):
    help = "Makes the sandbox's users viewer, support, lead and admin, each with its name as password."

    def handle(self, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Demo users are only made for the sandbox: their passwords are their names.")
        if strangers := set(settings.ALLOWED_HOSTS) - LOOPBACK:
            raise CommandError(
                "Demo users are only made where nobody else can reach the panel, "
                f"but ALLOWED_HOSTS names {', '.join(sorted(strangers))}."
            )
        for demo in DEMO_USERS:
            _make(demo)
        self.stdout.write(f"Demo users, password = name: {', '.join(demo.name for demo in DEMO_USERS)}.")


def _make(demo: Demo) -> None:
    names = {"first_name": demo.first_name, "last_name": demo.last_name}
    user, is_new = User.objects.get_or_create(username=demo.name, defaults=names)
    # Setting the same password again would end every session.
    if is_new or not user.check_password(demo.name):
        user.set_password(demo.name)
    user.is_staff, user.is_active = demo.name == "admin", True
    user.save()
    give_role(user, demo.name)
