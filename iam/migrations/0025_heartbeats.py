from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("iam", "0024_inventories_know_what_they_read"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(db_collation="C", max_length=32, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
