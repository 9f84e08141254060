"""Bringing AWS's managed policies from the catalogue into the tables, where every account sees them."""

from django.db import transaction

from iam.catalog import managed_policies
from iam.models import ManagedPolicy, PolicyVersion


@transaction.atomic
def load_catalog() -> int:
    """Create or update AWS's managed policies; return how many changed. Policies that AWS withdrew stay.

    A policy whose version is the one in the table is not touched, so that a start with nothing new costs one query.
    """
    present = {
        (arn, f"v{number}")
        for arn, number in PolicyVersion.objects.filter(policy__account=None, is_default=True).values_list(
            "policy__arn", "number"
        )
    }
    fresh = {policy.arn: policy for policy in managed_policies.load() if (policy.arn, policy.version_id) not in present}
    if not fresh:
        return 0
    ManagedPolicy.objects.bulk_create(
        (
            ManagedPolicy(
                unique_id=policy.policy_id,
                arn=policy.arn,
                name=policy.name,
                path=policy.path,
                is_job_function=managed_policies.is_job_function(policy.path, policy.name),
                created_at=policy.created_at,
                updated_at=policy.updated_at,
                latest_version=int(policy.version_id[1:]),
            )
            for policy in fresh.values()
        ),
        batch_size=500,
        update_conflicts=True,
        unique_fields=["arn"],
        # All of it: of a policy that an account in AWS had before the catalogue nothing was known but its ARN.
        update_fields=[
            "unique_id",
            "is_attachable",
            "created_at",
            "updated_at",
            "latest_version",
            "is_job_function",
            "description",
        ],
    )
    rows = dict(ManagedPolicy.objects.filter(arn__in=fresh).values_list("arn", "pk"))
    PolicyVersion.objects.filter(policy__in=rows.values()).delete()
    PolicyVersion.objects.bulk_create(
        (
            PolicyVersion(
                policy_id=rows[policy.arn],
                number=int(policy.version_id[1:]),
                document=policy.document,
                is_default=True,
                created_at=policy.updated_at,
            )
            for policy in fresh.values()
        ),
        batch_size=500,
    )
    return len(fresh)
