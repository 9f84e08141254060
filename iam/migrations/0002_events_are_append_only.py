"""A row of the event history is never changed or deleted, whoever asks."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("iam", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION refuse_to_rewrite_events() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'The event history is append-only.' USING ERRCODE = 'insufficient_privilege';
            END $$;
            CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON iam_event
                FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_events();
            """,
            reverse_sql="""
            DROP TRIGGER events_are_append_only ON iam_event;
            DROP FUNCTION refuse_to_rewrite_events();
            """,
        )
    ]
