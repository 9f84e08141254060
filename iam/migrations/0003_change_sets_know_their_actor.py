"""Change sets keep their actor's unique id, and changes the moment a worker first took them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the columns, and the indexes that pages read change sets by."""

    dependencies = [("iam", "0002_events_are_append_only")]

    operations = [
        migrations.AddField("change", "sent_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "changeset",
            "actor_id",
            models.CharField(db_collation="C", default="", max_length=128),
            preserve_default=False,
        ),
        migrations.RemoveIndex("changeset", "change_set_newest"),
        migrations.AddIndex(
            "changeset", models.Index(fields=["account", "-created_at", "-id"], name="change_set_newest_first")
        ),
        migrations.AddIndex(
            "changeset", models.Index(fields=["account", "actor_id", "-created_at", "-id"], name="change_set_of_actor")
        ),
    ]
