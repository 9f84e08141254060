"""Drafts belong to whoever began them, not to whoever has the name later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Replace the ARN by the unique id. Unfinished wizards are begun anew."""

    dependencies = [("iam", "0003_change_sets_know_their_actor")]

    operations = [
        migrations.RunSQL("DELETE FROM iam_draft", migrations.RunSQL.noop),
        migrations.RemoveField("draft", "principal_arn"),
        migrations.AddField(
            "draft", "principal_id", models.CharField(default="", max_length=128), preserve_default=False
        ),
    ]
