"""How changes of credentials and of the account's settings are undone."""

from iam.operations.inverses.past import Inverse, Past, Rule, Unknown
from iam.operations.kernel import Step


def _alias(past: Past) -> Inverse:
    former = past.held("AccountAlias")
    operation = "CreateAccountAlias" if former else "DeleteAccountAlias"
    return Inverse((Step(operation, {"AccountAlias": former or past.parameters["AccountAlias"]}),))


def _password_policy(past: Past) -> Inverse:
    former = past.held("PasswordPolicy")
    if former is None:
        return Inverse((Step("DeleteAccountPasswordPolicy"),))
    given = {name: value for name, value in former.items() if value is not None}
    return Inverse((Step("UpdateAccountPasswordPolicy", given),))


def _token_version(past: Past) -> Inverse:
    version = f"v{past.held('GlobalEndpointTokenVersion')}Token"
    return Inverse((Step(past.operation, {"GlobalEndpointTokenVersion": version}),))


def _properties(past: Past) -> Inverse:
    former = {name: "true" if is_on else "false" for name, is_on in past.held("Properties").items()}
    return Inverse((Step(past.operation, {"Properties": former}),), ("A role that the service was given stays.",))


def _status(parameter: str, *members: str) -> Rule:
    """Return the rule of the update of a credential, which stands in one of the members."""

    def rule(past: Past) -> Inverse:
        for member in members:
            for credential in past.before.get(member, ()):
                if credential[parameter] == past.parameters[parameter]:
                    status = {"Status": credential["Status"]}
                    return Inverse((Step(past.operation, {**past.owner, **past.only(parameter), **status}),))
        raise Unknown("What was there before is not known.")

    return rule


def _new_credential(operation: str, parameter: str, shape: str) -> Rule:
    return lambda past: Inverse((Step(operation, {**past.owner, parameter: past.made(shape, parameter)}),))


def _deleted_key(operation: str, parameter: str, body: str, *members: str) -> Rule:
    """Return the rule of the deletion of what is public and can be uploaded again."""

    def rule(past: Past) -> Inverse:
        for member in members:
            for credential in past.before.get(member, ()):
                if credential[parameter] == past.parameters[parameter]:
                    notes = ["It gets a new ID."]
                    if credential["Status"] != "Active":
                        notes.append("It is active then, and was not.")
                    return Inverse((Step(operation, {**past.owner, body: credential[body]}),), tuple(notes))
        raise Unknown("What was there before is not known.")

    return rule


def _login_profile(past: Past) -> Inverse:
    if "Password" in past.parameters:
        return Inverse(reason="The former password is kept nowhere.")
    former = past.held("LoginProfile") or {}
    required = {"PasswordResetRequired": former.get("PasswordResetRequired", False)}
    return Inverse((Step("UpdateLoginProfile", {**past.owner, **required}),))


_ACCESS_KEYS = ("AccessKeys", "RootAccessKeys")
_CERTIFICATES = ("SigningCertificates", "RootSigningCertificates")
_CREDENTIALS = "ServiceSpecificCredentials"
RULES: dict[str, Rule] = {
    "CreateAccountAlias": _alias,
    "DeleteAccountAlias": _alias,
    "UpdateAccountPasswordPolicy": _password_policy,
    "DeleteAccountPasswordPolicy": _password_policy,
    "SetSecurityTokenServicePreferences": _token_version,
    "PutAccountProperties": _properties,
    "CreateLoginProfile": lambda past: Inverse((Step("DeleteLoginProfile", past.owner),)),
    "UpdateLoginProfile": _login_profile,
    "CreateAccessKey": _new_credential("DeleteAccessKey", "AccessKeyId", "AccessKey"),
    "UpdateAccessKey": _status("AccessKeyId", *_ACCESS_KEYS),
    "UploadSSHPublicKey": _new_credential("DeleteSSHPublicKey", "SSHPublicKeyId", "SSHPublicKey"),
    "UpdateSSHPublicKey": _status("SSHPublicKeyId", "SSHPublicKeys"),
    "DeleteSSHPublicKey": _deleted_key("UploadSSHPublicKey", "SSHPublicKeyId", "SSHPublicKeyBody", "SSHPublicKeys"),
    "UploadSigningCertificate": _new_credential("DeleteSigningCertificate", "CertificateId", "Certificate"),
    "UpdateSigningCertificate": _status("CertificateId", *_CERTIFICATES),
    "DeleteSigningCertificate": _deleted_key(
        "UploadSigningCertificate", "CertificateId", "CertificateBody", *_CERTIFICATES
    ),
    "CreateServiceSpecificCredential": _new_credential(
        "DeleteServiceSpecificCredential", "ServiceSpecificCredentialId", "ServiceSpecificCredential"
    ),
    "UpdateServiceSpecificCredential": _status("ServiceSpecificCredentialId", _CREDENTIALS),
    "EnableMFADevice": lambda past: Inverse((Step("DeactivateMFADevice", past.only("UserName", "SerialNumber")),)),
}
