"""What a chain consists of is never changed or deleted either, and none of its tables can be emptied at once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("iam", "0016_events_are_chained")]

    operations = [
        migrations.RunSQL(
            sql="""
            CREATE TRIGGER event_links_are_append_only BEFORE UPDATE OR DELETE ON iam_eventlink
                FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_events();
            CREATE TRIGGER event_resources_are_append_only BEFORE UPDATE OR DELETE ON iam_eventresource
                FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_events();
            CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON iam_event
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_events();
            CREATE TRIGGER event_links_are_not_truncated BEFORE TRUNCATE ON iam_eventlink
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_events();
            CREATE TRIGGER event_resources_are_not_truncated BEFORE TRUNCATE ON iam_eventresource
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_events();
            """,
            reverse_sql="""
            DROP TRIGGER event_resources_are_not_truncated ON iam_eventresource;
            DROP TRIGGER event_links_are_not_truncated ON iam_eventlink;
            DROP TRIGGER events_are_not_truncated ON iam_event;
            DROP TRIGGER event_resources_are_append_only ON iam_eventresource;
            DROP TRIGGER event_links_are_append_only ON iam_eventlink;
            """,
        )
    ]
