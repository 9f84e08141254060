"""Operations that cannot be undone, and why: what people read on the page that would undo them."""

_GONE = "is kept nowhere, so it cannot come back. Create a new one."
_REQUEST = "A delegation request only goes forward; whoever asked has been told."
_NO_CHANGE_SET = "It changes nothing that an account's backend has."

REASONS: dict[str, str] = {
    "AcquireRole": "Delete the role that the template made on its own page.",
    "ChangePassword": "The former password is kept nowhere.",
    "DeactivateMFADevice": "Only codes of the device prove that somebody has it. Assign it again.",
    "DeleteAccessKey": f"The secret of an access key {_GONE}",
    "DeleteLoginProfile": f"A password {_GONE}",
    "DeleteServerCertificate": "The private key of a certificate is kept nowhere. Upload the certificate again.",
    "DeleteServiceSpecificCredential": f"The secret of a credential {_GONE}",
    "DeleteVirtualMFADevice": f"The seed of a virtual MFA device {_GONE}",
    "ResetServiceSpecificCredential": "The former secret is kept nowhere.",
    "ResyncMFADevice": "It only learned how far off the clock of the device is.",
    "AcceptDelegationRequest": _REQUEST,
    "AssociateDelegationRequest": _REQUEST,
    "CreateDelegationRequest": _REQUEST,
    "RejectDelegationRequest": _REQUEST,
    "SendDelegationToken": _REQUEST,
    "UpdateDelegationRequest": _REQUEST,
    "ApplyArchiveRule": _NO_CHANGE_SET,
    "CreateAnalyzer": _NO_CHANGE_SET,
    "CreateArchiveRule": _NO_CHANGE_SET,
    "DeleteAnalyzer": _NO_CHANGE_SET,
    "DeleteArchiveRule": _NO_CHANGE_SET,
    "StartResourceScan": _NO_CHANGE_SET,
    "UpdateAnalyzer": _NO_CHANGE_SET,
    "UpdateFindings": _NO_CHANGE_SET,
    "GenerateCredentialReport": _NO_CHANGE_SET,
    "GenerateOrganizationsAccessReport": _NO_CHANGE_SET,
    "GenerateServiceLastAccessedDetails": _NO_CHANGE_SET,
}
