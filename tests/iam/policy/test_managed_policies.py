"""Every AWS managed policy, as a corpus of documents that are right."""

import json

import pytest

from iam.catalog.managed_policies import load
from iam.policy import PolicySet, Request, check_for_saving, compile_policy, evaluate, parse, summarize
from iam.policy.saving import MAX_DOCUMENT_LENGTH
from iam.policy.summary import GRANTS_NOTHING
from tests.iam.policy.documents import USER

# AWS's own policies may name what the API refuses to others: the account itself as an IAM resource.
NAME_THE_ROOT = {
    "AWSCloudWatchOmniServiceRolePolicy",
    "AWSObservabilityAdminTelemetryEnablementServiceRolePolicy",
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
}
DOCUMENTS = {policy.name: policy.document for policy in load()}


def test_corpus_is_whole():
    assert len(DOCUMENTS) > 1_500


def test_every_policy_follows_the_grammar_and_is_saved():
    for name, document in DOCUMENTS.items():
        parse(document)
        compact = json.dumps(json.loads(document), ensure_ascii=False)
        if name not in NAME_THE_ROOT and len(compact) <= MAX_DOCUMENT_LENGTH:
            check_for_saving(compact)


def test_every_policy_decides():
    request = Request(USER, "s3:GetObject", "arn:aws:s3:::data/report.csv", "111122223333")
    allowed = {
        name
        for name, document in DOCUMENTS.items()
        if evaluate(request, PolicySet(identity=[compile_policy(document)])).allowed
    }

    assert {"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "AmazonS3FullAccess"} <= allowed
    assert not {"IAMFullAccess", "SecurityAudit", "ViewOnlyAccess", "AWSLambdaBasicExecutionRole"} & allowed


@pytest.mark.parametrize("part", range(4))
def test_every_policy_is_summarised(part):
    names = sorted(DOCUMENTS)[part::4]
    empty = {name for name in names if summarize([parse(DOCUMENTS[name])]).problem == GRANTS_NOTHING}

    assert empty <= {
        "LakeFormationDataAccessServiceRolePolicy",
        "RDSCloudHsmAuthorizationRole",
        "SecurityAgentWebAppAPIPolicy",
    }
