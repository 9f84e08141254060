"""An OpenID Connect provider whose server and authority the settings allow."""

import pytest
from django.core.cache import caches

from tests.iam.federation.issuer import Authority, serving


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    caches["issuer-keys"].clear()
    with serving(authority) as issuer:
        yield issuer


@pytest.fixture
def issuer(server, authority, settings):
    settings.OIDC_CA_FILE = str(authority.file)
    settings.OIDC_INTERNAL_HOSTS = [server.host]
    return server
