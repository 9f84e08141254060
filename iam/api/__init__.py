"""The Query API: the door of the AWS CLI, of SDKs and of every other client of IAM and STS."""
