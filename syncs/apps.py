from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from syncs import checks as checks  # registered by being imported
from syncs import pulse, roles, triggers, trigrams


class SyncsConfig(AppConfig):
    name = "syncs"
    verbose_name = "Sync Desk"

    def ready(self) -> None:
        for part in (triggers, pulse):
            pre_migrate.connect(part.before_migrate, sender=self)
        # Permissions are made by Django in the same signal, before ours.
        for part in (roles, triggers, pulse, trigrams):
            post_migrate.connect(part.after_migrate, sender=self)
