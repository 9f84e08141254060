"""Foreign keys are checked at once, in transactions that need not ask for it then."""

from django.db import migrations

_EACH = """
DO $$
DECLARE foreign_key record;
BEGIN
    FOR foreign_key IN
        SELECT conrelid::regclass AS its_table, conname FROM pg_constraint
        WHERE contype = 'f' AND condeferrable AND connamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY {}',
            foreign_key.its_table, foreign_key.conname);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("iam", "0028_aws_policies_by_name")]

    operations = [migrations.RunSQL(_EACH.format("IMMEDIATE"), _EACH.format("DEFERRED"))]
