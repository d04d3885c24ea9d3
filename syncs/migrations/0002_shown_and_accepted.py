from django.db import migrations, models


def accept_the_whole(apps, schema_editor):
    """Who ticked the box before the days were kept with it accepted whatever of the range was synced."""
    requests = apps.get_model("syncs", "SyncRequest").objects.filter(overlap_accepted=True)
    for request in requests.exclude(window_start=None).iterator():
        request.seen_overlap = [[request.window_start.isoformat(), request.window_finish.isoformat()]]
        request.save(update_fields=["seen_overlap"])


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="merchant",
            name="merchant_worst_first",
        ),
        migrations.AddField(
            model_name="merchant",
            name="severity",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(health="failing", then=0),
                    models.When(health="needs_reconnect", then=0),
                    models.When(health="switched_off", then=0),
                    models.When(health="never_synced", then=1),
                    models.When(health="unseen", then=2),
                    models.When(health="healthy", then=3),
                    default=0,
                ),
                output_field=models.PositiveSmallIntegerField(),
            ),
        ),
        migrations.AddField(
            model_name="syncrequest",
            name="route",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Ids of the connections it was asked for; empty: not known.",
            ),
        ),
        migrations.AddField(
            model_name="syncrequest",
            name="seen_overlap",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="What of these days was in the books already, seen and accepted: pairs of UTC moments.",
            ),
        ),
        migrations.RunPython(accept_the_whole, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(
            model_name="syncrequest",
            name="overlap_accepted",
        ),
        migrations.AddIndex(
            model_name="merchant",
            index=models.Index(
                fields=["archived_at", "severity", "silent_since", "id"], name="merchant_worst_first"
            ),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="heard_at",
            field=models.DateTimeField(help_text="When it was last heard of."),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("outcome", "open")),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("outcome__in", ["accepted", "later", "not_sent", "refused", "uncertain"]),
                    ),
                    _connector="OR",
                ),
                name="attempt_finished_when_not_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("codat_id", ""), _negated=True), name="connection_has_an_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["accounting", "commerce", "other"])),
                name="connection_side_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "health__in",
                        ["unseen", "healthy", "failing", "needs_reconnect", "never_synced", "switched_off"],
                    )
                ),
                name="merchant_health_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["synced", "empty", "failed", "disconnected", "running", "not_run"])
                ),
                name="day_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sync",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["running", "synced", "empty", "failed", "unknown"])),
                name="sync_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sync",
            constraint=models.CheckConstraint(
                condition=models.Q(("initiator__in", ["ours", "schedule", "unknown"])),
                name="sync_initiator_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sync",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_known__in", ["", "answered", "inferred", "requested"])),
                name="sync_window_known_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["historic", "latest"])), name="request_kind_known"
            ),
        ),
    ]
