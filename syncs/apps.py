from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from syncs import checks as checks  # registered by being imported
from syncs import roles, triggers


class SyncsConfig(AppConfig):
    name = "syncs"
    verbose_name = "Sync Desk"

    def ready(self) -> None:
        pre_migrate.connect(triggers.before_migrate, sender=self)
        # Permissions are made by Django in the same signal, before ours.
        post_migrate.connect(roles.after_migrate, sender=self)
        post_migrate.connect(triggers.after_migrate, sender=self)
