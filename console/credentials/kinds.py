"""The kinds of credentials that are activated, deactivated and deleted alike (console reference 6.8)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: its part of addresses, its noun, the API's name for it, and what follows from taking it away.

    `id_parameter` names one of them in a call; `reading` is the action that shows them.
    """

    slug: str
    noun: str
    operand: str
    id_parameter: str
    reading: str
    without: str
    deleted: str

    def page(self, verb: str) -> str:
        """Return the name of a page about one of them: `delete-signing-certificate`."""
        return f"{verb}-{self.slug.removesuffix('s')}"


CERTIFICATES = Kind(
    slug="signing-certificates",
    noun="signing certificate",
    operand="SigningCertificate",
    id_parameter="CertificateId",
    reading="iam:ListSigningCertificates",
    without="Requests signed with its private key fail from now on.",
    deleted="Programs that still sign with its private key fail from now on.",
)
SSH_KEYS = Kind(
    slug="ssh-public-keys",
    noun="SSH public key",
    operand="SSHPublicKey",
    id_parameter="SSHPublicKeyId",
    reading="iam:ListSSHPublicKeys",
    without="Git over SSH refuses the key from now on.",
    deleted="Git over SSH refuses the key from now on. You can upload the same key again.",
)
SERVICE_CREDENTIALS = Kind(
    slug="service-credentials",
    noun="credential",
    operand="ServiceSpecificCredential",
    id_parameter="ServiceSpecificCredentialId",
    reading="iam:ListServiceSpecificCredentials",
    without="The service refuses it from now on.",
    deleted="The service refuses it from now on. Its password or key cannot be had again.",
)
KINDS = (CERTIFICATES, SSH_KEYS, SERVICE_CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Service:
    """A service with credentials of its own; an `is_api_key` is one secret that may expire, others have a user name."""

    slug: str
    name: str
    heading: str
    description: str
    is_api_key: bool = False

    @property
    def secret(self) -> str:
        """What the secret is called within a sentence."""
        return "API key" if self.is_api_key else "password"

    @property
    def one(self) -> str:
        """What one credential is called within a sentence."""
        return "API key" if self.is_api_key else "credentials"


SERVICES = (
    Service(
        "codecommit",
        "codecommit.amazonaws.com",
        "HTTPS Git credentials for AWS CodeCommit",
        "A user name and password with which Git connects to repositories over HTTPS.",
    ),
    Service(
        "keyspaces",
        "cassandra.amazonaws.com",
        "Credentials for Amazon Keyspaces (for Apache Cassandra)",
        "A user name and password with which Cassandra drivers sign in to Amazon Keyspaces.",
    ),
    Service(
        "bedrock",
        "bedrock.amazonaws.com",
        "API keys for Amazon Bedrock",
        "A long-term key for programs that call Amazon Bedrock without signing requests.",
        is_api_key=True,
    ),
    Service(
        "logs",
        "logs.amazonaws.com",
        "API keys for Amazon CloudWatch Logs",
        "A long-term key for programs that send logs without signing requests.",
        is_api_key=True,
    ),
)
