"""The migrations bring the tables to where the models are."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_migrations_follow_the_models():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
