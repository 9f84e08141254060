from copy import deepcopy
from pathlib import Path

import pytest

from tests.console.components import example
from tests.factories import make_account, root_of, sign_in


@pytest.fixture
def signed_in(db, client, settings):
    """A browser of a root user, in the example area."""
    settings.ROOT_URLCONF = "tests.console.components.example"
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    settings.TEMPLATES = templates
    example.created.clear()
    sign_in(client, root_of(make_account()))
    return client
