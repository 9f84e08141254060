# Run once by the Postgres image: the role of the web server, which gets its rights from `manage.py grant_web`.
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
    --set password="$(cat /run/secrets/web-password)" <<'SQL'
CREATE ROLE iam_web LOGIN PASSWORD :'password';
SQL
