"""Descriptions of AWS managed policies in our words: no public data set carries AWS's own."""

import re

_WRITTEN = {
    "AdministratorAccess": "Full access to every service and resource.",
    "PowerUserAccess": "Full access to every service except the management of users, groups and organizations.",
    "ReadOnlyAccess": "Read access to every service and resource.",
    "SecurityAudit": "Read access to the configuration that a security audit looks at.",
    "ViewOnlyAccess": "Lists resources and shows basic metadata in every service, without reading their content.",
    "SupportUser": "Troubleshoots an account and opens cases with AWS Support.",
    "Billing": "Views and manages costs, bills and payment methods.",
    "DatabaseAdministrator": "Sets up and runs databases in the AWS database services.",
    "DataScientist": "Works with the AWS data analytics and machine learning services.",
    "NetworkAdministrator": "Sets up and runs networks in an account.",
    "SystemAdministrator": "Sets up and runs the resources that applications and development need.",
    "AWSManagementConsoleAdministratorAccess": "What an administrator of the console itself needs.",
    "IAMUserChangePassword": "Lets an IAM user change their own password.",
    "IAMUserSSHKeys": "Lets an IAM user manage their own SSH keys.",
    "IAMSelfManageServiceSpecificCredentials": "Lets an IAM user manage their own service-specific credentials.",
    "IAMAccessAdvisorReadOnly": "Reads the services that were last accessed, as the access advisor shows them.",
    "IAMAccessAnalyzerReadOnlyAccess": "Reads the analyzers and findings of IAM Access Analyzer.",
    "IAMAuditRootUserCredentials": "Privileged root task: audits the root user credentials of a member account.",
    "IAMCreateRootUserPassword": "Privileged root task: allows a member account's root password to be recovered.",
    "IAMDeleteRootUserCredentials": "Privileged root task: deletes the root user credentials of a member account.",
    "S3UnlockBucketPolicy": "Privileged root task: deletes a bucket policy that locks everybody out.",
    "SQSUnlockQueuePolicy": "Privileged root task: deletes a queue policy that locks everybody out.",
    "AWSDenyAll": "Denies every action on every resource.",
    "AWSCompromisedKeyQuarantine": "Denies actions that attackers use, once an access key is known to be exposed.",
    "AWSCompromisedKeyQuarantineV2": "Denies actions that attackers use, once an access key is known to be exposed.",
    "AWSCompromisedKeyQuarantineV3": "Denies actions that attackers use, once an access key is known to be exposed.",
    "AWSLambdaBasicExecutionRole": "Lets a function write its logs to CloudWatch Logs.",
    "AWSLambdaVPCAccessExecutionRole": "Lets a function write its logs and use network interfaces in a VPC.",
    "AWSLambdaExecute": "Lets a function use objects in S3 and write its logs to CloudWatch Logs.",
    "AmazonSSMManagedInstanceCore": "Lets an instance be managed by Systems Manager.",
    "AmazonECSTaskExecutionRolePolicy": "Lets a task pull its images and write its logs.",
    "AmazonEKSClusterPolicy": "Lets a Kubernetes control plane manage resources in the account.",
    "AmazonEKSWorkerNodePolicy": "Lets worker nodes connect to an EKS cluster.",
    "AmazonEKS_CNI_Policy": "Lets the VPC network plugin of EKS change the addresses of worker nodes.",
    "CloudWatchAgentServerPolicy": "Lets the CloudWatch agent on a server send metrics and logs.",
    "AWSCloudTrail_FullAccess": "Full access to CloudTrail.",
    "AWSKeyManagementServicePowerUser": "Manages and uses KMS keys, without deleting them.",
}
_BRAND = re.compile(r"^(AmazonAWS|Amazon|AWS)(?=[A-Z])")
_PATTERNS = (
    (re.compile(r"^(.+?)(?:_|-)?(?:ReadOnly(?:Access)?|ReadonlyAccess)$"), "Read access to {}."),
    (re.compile(r"^(.+?)(?:_|-)?FullAccess$"), "Full access to {}."),
)


def describe(name: str, path: str) -> str:
    """Return what an AWS managed policy is for, or an empty string where its name does not tell."""
    if name in _WRITTEN:
        return _WRITTEN[name]
    if path.startswith("/aws-service-role/"):
        return "Attached to a service-linked role: only the service itself can use it."
    for pattern, sentence in _PATTERNS:
        if match := pattern.match(name):
            return sentence.format(_BRAND.sub("", match[1]).replace("_", " "))
    return ""
