from django.db import migrations, models
from django.db.models import F, Q

NOT_WAITED_FOR = "Did not wait for the end of an outage"


def words_apart(apps, schema_editor):
    """Which word was about an outage, and which about the playbook, the activity tells."""
    Outage, Request, Activity = (
        apps.get_model("syncs", name) for name in ("Outage", "SyncRequest", "Activity")
    )
    Outage.objects.update(last=F("since"))
    newest = Outage.objects.order_by("-pk").first()
    overrides = Activity.objects.filter(verb="request.override", request__isnull=False).order_by("pk")
    for entry in overrides.filter(what__startswith=NOT_WAITED_FOR).iterator():
        Request.objects.filter(pk=entry.request_id).update(
            outage_reason=entry.reason[:500], in_spite_of=newest
        )
        if not overrides.filter(request=entry.request_id).exclude(what__startswith=NOT_WAITED_FOR).exists():
            Request.objects.filter(pk=entry.request_id).update(override_reason="")


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0017_in_spite_of_an_outage"),
    ]

    operations = [
        migrations.RunPython(words_apart, migrations.RunPython.noop),
        migrations.AddIndex(
            "merchant",
            models.Index(
                condition=Q(archived_at=None, refreshed_at=None),
                fields=["next_refresh_at"],
                name="merchant_never_looked_at",
            ),
        ),
    ]
