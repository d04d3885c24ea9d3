"""Since when each merchant fails: as it was seen to begin, or by its syncs, as a first look would tell it."""

from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from syncs.codat.statuses import STATUSES

IN_TROUBLE = {"failing": "Failing", "needs_reconnect": "Needs reconnect", "switched_off": "Switched off"}
STOPPED = [code for code, status in STATUSES.items() if status.duplicate_risk]
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FEW = Q(archived_at=None, began_to_fail_at__isnull=False)


def tell_since_when_they_fail(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """No version moves: no row of a list tells it. Of those whose old syncs are gone the first failure may be too."""
    alias = schema_editor.connection.alias
    activity, requests, syncs, merchants = (
        apps.get_model("syncs", name).objects.using(alias)
        for name in ("Activity", "SyncRequest", "Sync", "Merchant")
    )
    ours = OuterRef("pk")
    seen = activity.filter(merchant=ours, verb="merchant.health", after__in=IN_TROUBLE.values())
    seen = seen.exclude(before__in=IN_TROUBLE.values()).order_by("-at")
    since = Coalesce(OuterRef("last_success_at"), Value(LONG_AGO))
    failed = syncs.filter(merchant=ours, outcome="failed", started_at__gt=since).order_by("started_at")
    # Of these few each by itself: PostgreSQL would read all requests for an `EXISTS`.
    asked_as = Coalesce(Subquery(requests.filter(sync=OuterRef("pk")).values("kind")[:1]), Value(""))
    failed = failed.alias(asked_as=asked_as).exclude(code__in=STOPPED, asked_as="historic")
    failed = failed.filter(merchant__thinned_before=None)
    began = Coalesce(Subquery(seen.values("at")[:1]), Subquery(failed.values("started_at")[:1]))
    merchants.filter(health__in=IN_TROUBLE).update(began_to_fail_at=began)


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0022_without_accents"),
    ]

    operations = [
        migrations.AddField(
            "merchant",
            "began_to_fail_at",
            models.DateTimeField(
                "seen to begin to fail",
                null=True,
                blank=True,
                help_text="Empty while it does not, and where nobody knows.",
            ),
        ),
        # Before it stands in any index: so most rows are written where they are.
        migrations.RunPython(tell_since_when_they_fail, migrations.RunPython.noop, elidable=True),
        *(
            migrations.AddIndex(
                "merchant", models.Index(fields=[*order, "id", "began_to_fail_at"], name=name, condition=FEW)
            )
            for name, order in {
                "merchant_began_worst": ["severity", "silent_since"],
                "merchant_began_name": ["name"],
                "merchant_began_fuse": ["switches_off_at"],
            }.items()
        ),
    ]
