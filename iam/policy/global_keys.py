"""The condition keys that every service shares; the services' own are in the catalogue.

Source: "AWS global condition context keys" in the IAM user guide, November 2026."""

from typing import Final, NamedTuple


class GlobalKey(NamedTuple):
    """A global key. `type` is spelled as in the catalogue: `ArrayOf…` when a request can carry several values."""

    name: str
    type: str
    description: str


GLOBAL_KEYS: Final = (
    GlobalKey("aws:PrincipalArn", "ARN", "ARN of the caller; for a role session that of the role"),
    GlobalKey("aws:PrincipalAccount", "String", "Account of the caller"),
    GlobalKey("aws:PrincipalOrgPaths", "ArrayOfString", "Path of the caller's account in its organization"),
    GlobalKey("aws:PrincipalOrgID", "String", "Organization of the caller's account"),
    GlobalKey("aws:PrincipalOrgMasterAccountId", "String", "Management account of the caller's organization"),
    GlobalKey("aws:PrincipalTag/${TagKey}", "String", "Tag of the calling user, role or session"),
    GlobalKey("aws:PrincipalIsAWSService", "Bool", "Whether an AWS service calls directly"),
    GlobalKey("aws:PrincipalServiceName", "String", "Service principal that calls"),
    GlobalKey("aws:PrincipalServiceNamesList", "ArrayOfString", "All names of the service principal that calls"),
    GlobalKey(
        "aws:PrincipalType", "String", "Kind of the caller: Account, User, AssumedRole, FederatedUser, Anonymous"
    ),
    GlobalKey("aws:userid", "String", "Unique ID of the caller"),
    GlobalKey("aws:username", "String", "Name of the calling IAM user"),
    GlobalKey("aws:AssumedRoot", "String", "Whether the call comes from a privileged root session"),
    GlobalKey("aws:FederatedProvider", "String", "Identity provider that the session was issued through"),
    GlobalKey("aws:TokenIssueTime", "Date", "When the temporary credentials were issued"),
    GlobalKey("aws:SignInSessionArn", "ARN", "Sign-in session that the credentials belong to"),
    GlobalKey("aws:MultiFactorAuthAge", "Numeric", "Seconds since the caller presented a second factor"),
    GlobalKey("aws:MultiFactorAuthPresent", "Bool", "Whether the caller presented a second factor"),
    GlobalKey("aws:ChatbotSourceArn", "ARN", "Chat configuration that the session comes from"),
    GlobalKey("aws:Ec2InstanceSourceVpc", "String", "VPC of the instance that the role credentials were given to"),
    GlobalKey("aws:Ec2InstanceSourcePrivateIPv4", "IPAddress", "Address of the instance that got the credentials"),
    GlobalKey("aws:SourceIdentity", "String", "Source identity set when the role was assumed"),
    GlobalKey("aws:SourceIp", "IPAddress", "Address that the request comes from"),
    GlobalKey("aws:SourceVpc", "String", "VPC that the request comes from"),
    GlobalKey("aws:SourceVpcArn", "ARN", "ARN of the VPC that the request comes from"),
    GlobalKey("aws:SourceVpce", "String", "VPC endpoint that the request comes through"),
    GlobalKey("aws:VpcSourceIp", "IPAddress", "Address of the caller within the VPC"),
    GlobalKey("aws:VpceAccount", "String", "Account that owns the VPC endpoint"),
    GlobalKey("aws:VpceOrgID", "String", "Organization that owns the VPC endpoint"),
    GlobalKey("aws:VpceOrgPaths", "ArrayOfString", "Path in its organization of the VPC endpoint's owner"),
    GlobalKey("aws:ResourceAccount", "String", "Account that owns the resource"),
    GlobalKey("aws:ResourceOrgID", "String", "Organization that owns the resource"),
    GlobalKey("aws:ResourceOrgPaths", "ArrayOfString", "Path in its organization of the resource's owner"),
    GlobalKey("aws:ResourceTag/${TagKey}", "String", "Tag of the resource"),
    GlobalKey("aws:CalledVia", "ArrayOfString", "Services that called on the caller's behalf, in order"),
    GlobalKey("aws:CalledViaFirst", "String", "First service that called on the caller's behalf"),
    GlobalKey("aws:CalledViaLast", "String", "Last service that called on the caller's behalf"),
    GlobalKey("aws:ViaAWSService", "Bool", "Whether a service calls on the caller's behalf"),
    GlobalKey("aws:CalledViaAWSMCP", "String", "MCP service that called on the caller's behalf"),
    GlobalKey("aws:ViaAWSMCPService", "Bool", "Whether an MCP service calls on the caller's behalf"),
    GlobalKey("aws:IsMcpServiceAction", "Bool", "Whether the action is one of an MCP service"),
    GlobalKey("aws:CurrentTime", "Date", "Time of the request"),
    GlobalKey("aws:EpochTime", "Date", "Time of the request in seconds since 1970"),
    GlobalKey("aws:referer", "String", "Page that linked to the request, as the caller says"),
    GlobalKey("aws:RequestedRegion", "String", "Region that was called"),
    GlobalKey("aws:RequestTag/${TagKey}", "String", "Tag passed in the request"),
    GlobalKey("aws:TagKeys", "ArrayOfString", "Keys of the tags passed in the request"),
    GlobalKey("aws:SecureTransport", "Bool", "Whether the request was sent over TLS"),
    GlobalKey("aws:SourceArn", "ARN", "Resource that a service acts for"),
    GlobalKey("aws:SourceAccount", "String", "Account of the resource that a service acts for"),
    GlobalKey("aws:SourceOrgID", "String", "Organization of the resource that a service acts for"),
    GlobalKey(
        "aws:SourceOrgPaths", "ArrayOfString", "Path in its organization of the resource that a service acts for"
    ),
    GlobalKey("aws:UserAgent", "String", "Client that was used, as the caller says"),
    # Role sessions carry these wherever they go, so no service's list has them.
    GlobalKey("ec2:RoleDelivery", "Numeric", "Version of the instance metadata service that delivered the credentials"),
    GlobalKey("ec2:SourceInstanceArn", "ARN", "Instance that the role credentials were given to"),
    GlobalKey("glue:RoleAssumedBy", "String", "Service that assumed the role for Glue"),
    GlobalKey("glue:CredentialIssuingService", "String", "Service that issued the credentials for Glue"),
    GlobalKey("codebuild:BuildArn", "ARN", "Build that the session belongs to"),
    GlobalKey("codebuild:ProjectArn", "ARN", "Build project that the session belongs to"),
    GlobalKey("lambda:SourceFunctionArn", "ARN", "Function that the session belongs to"),
    GlobalKey("ssm:SourceInstanceArn", "ARN", "Managed instance that the session belongs to"),
    GlobalKey("identitystore:UserId", "String", "IAM Identity Center user of the session"),
)
