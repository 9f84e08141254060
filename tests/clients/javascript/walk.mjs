// A day of an administrator with the AWS SDK for JavaScript; prints what it saw as JSON.
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateGroupCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  NoSuchEntityException,
  paginateListUsers,
  waitUntilUserExists,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const iam = new IAMClient();
const sts = new STSClient();
const seen = {};

seen.caller = (await sts.send(new GetCallerIdentityCommand({}))).Arn;
await iam.send(new CreateGroupCommand({ GroupName: "Administrators" }));
await iam.send(new AttachGroupPolicyCommand({ GroupName: "Administrators", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }));
for (const UserName of ["alice", "bob", "carol"]) {
  await iam.send(new CreateUserCommand({ UserName, Tags: [{ Key: "team", Value: "blau + grün" }] }));
  await iam.send(new AddUserToGroupCommand({ UserName, GroupName: "Administrators" }));
}
await waitUntilUserExists({ client: iam, maxWaitTime: 10 }, { UserName: "alice" });

seen.users = [];
for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, {})) seen.users.push(page.Users.map((user) => user.UserName));

const { User: alice } = await iam.send(new GetUserCommand({ UserName: "alice" }));
seen.tags = alice.Tags;
seen.isDated = alice.CreateDate instanceof Date;

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: alice.Arn }, Action: "sts:AssumeRole" }],
});
await iam.send(new CreateRoleCommand({ RoleName: "Auditor", AssumeRolePolicyDocument: trust }));
const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: "Auditor" }));
seen.trust = decodeURIComponent(role.AssumeRolePolicyDocument) === trust;

try {
  await sts.send(new AssumeRoleCommand({ RoleArn: role.Arn, RoleSessionName: "root" }));
} catch (error) {
  seen.refused = `${error.name}: ${error.message}`;
}
try {
  await iam.send(new GetUserCommand({ UserName: "nobody" }));
} catch (error) {
  seen.unknown = { isNoSuchEntity: error instanceof NoSuchEntityException, status: error.$metadata.httpStatusCode };
}
console.log(JSON.stringify(seen));
