"""The roles as Django groups: made anew after every migration, so that they are always what the code says."""

from typing import Any

from django.apps import apps

# Each role may do what the ones above it may, and this.
ROLES = {
    "viewer": (),
    "support": ("ask_sync",),
    "lead": ("decide_review", "override_guard", "freeze_sending", "ask_many"),
    "admin": ("administer",),
}


def after_migrate(**_: Any) -> None:
    """What may never be changed by hand (syncs, requests, activity), and all deleting, is granted to nobody."""
    group_model = apps.get_model("auth", "Group")
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="syncs")
    codenames: list[str] = []
    for role, own in ROLES.items():
        codenames += own
        granted = permissions.filter(codename__in=codenames)
        if role == "admin":
            theirs = permissions.filter(content_type__model__in=["merchant", "playbookentry", "user"])
            granted |= theirs.exclude(codename__startswith="delete_")
        group_model.objects.get_or_create(name=role)[0].permissions.set(granted)
