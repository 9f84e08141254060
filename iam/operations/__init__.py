"""The only code that changes an account: one function per API action, reached through `perform`."""

from iam.operations import (  # noqa: F401  importing a module registers its operations
    access_keys,
    account_settings,
    attachments,
    authorization_details,
    authorization_messages,
    boundaries,
    credential_reports,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    mfa_devices,
    oidc_providers,
    organization_reports,
    organizations,
    outbound_federation,
    policies,
    policy_entities,
    roles,
    root_sessions,
    server_certificates,
    service_last_accessed,
    service_linked_roles,
    service_specific_credentials,
    signing_certificates,
    simulation,
    ssh_public_keys,
    sts,
    tags,
    user_sessions,
    users,
    web_identity_federation,
)
from iam.operations.kernel import Performed, Step, perform, perform_change_set

__all__ = ["Performed", "Step", "perform", "perform_change_set"]
