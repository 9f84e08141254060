"""Find policies by what their statements say."""

from django.db import migrations

# pg_trgm may be missing where PostgreSQL is (the embedded one has no contrib modules), tsvector never is. A word is
# cut at 255 characters because PostgreSQL refuses lexemes over 2 kB; GetObject is a word, and so are Get and Object.
FUNCTION = r"""
CREATE FUNCTION iam_words(document text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array(
        SELECT DISTINCT lower(left(word, 255))
        FROM regexp_split_to_table(
            document || ' ' || regexp_replace(document, '([a-z0-9])([A-Z])', '\1 \2', 'g'), '[^A-Za-z0-9_*-]+'
        ) AS word
        WHERE word <> ''
    ))
$$
"""
INDEXES = {
    "policy_version_words": "iam_policyversion USING gin (iam_words(document)) WHERE is_default",
    "user_inline_policy_words": "iam_userinlinepolicy USING gin (iam_words(document))",
    "group_inline_policy_words": "iam_groupinlinepolicy USING gin (iam_words(document))",
    "role_inline_policy_words": "iam_roleinlinepolicy USING gin (iam_words(document))",
}


class Migration(migrations.Migration):
    """Index the words of default versions and of inline policies."""

    dependencies = [("iam", "0005_instance_profiles")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION iam_words(text)"),
        *(migrations.RunSQL(f"CREATE INDEX {name} ON {rest}", f"DROP INDEX {name}") for name, rest in INDEXES.items()),
    ]
