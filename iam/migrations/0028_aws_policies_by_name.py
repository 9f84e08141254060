from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("iam", "0027_drift_knows_how_names_are_written")]

    operations = [
        migrations.AddIndex(
            model_name="managedpolicy",
            index=models.Index(Lower("name"), F("arn"), condition=Q(account=None), name="aws_policies_by_name"),
        ),
    ]
