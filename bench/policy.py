"""The policy language against the tools that people use for the same questions.

The tools are fetched into a folder that is thrown away; where that is not possible, their lines are left out.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

from bench.ratios import Ratio, alternate
from iam import policy
from iam.catalog.managed_policies import load
from iam.policy.findings import validate

USER = "arn:aws:iam::111122223333:user/alice"
HELD = (
    "ReadOnlyAccess",
    "PowerUserAccess",
    "SupportUser",
    "SecurityAudit",
    "ViewOnlyAccess",
    "DatabaseAdministrator",
    "NetworkAdministrator",
    "SystemAdministrator",
    "AmazonS3FullAccess",
    "AWSLambda_FullAccess",
)
REQUESTS = (
    ("s3:GetObject", "arn:aws:s3:::data/report.csv"),
    ("iam:CreateUser", "arn:aws:iam::111122223333:user/bob"),
    ("ec2:DescribeInstances", "*"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:jobs"),
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111122223333:function:resize"),
)
TYPICAL = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "List",
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": "arn:aws:s3:::data",
      "Condition": {"StringLike": {"s3:prefix": ["home/${aws:username}/*"]}}
    },
    {
      "Sid": "Write",
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      "Resource": "arn:aws:s3:::data/home/${aws:username}/*"
    },
    {
      "Sid": "OnlyEncrypted",
      "Effect": "Deny",
      "Action": "s3:*",
      "Resource": "*",
      "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }
  ]
}"""
SIMULATOR = """
import { runSimulation } from '@cloud-copilot/iam-simulate'
import { readFileSync } from 'node:fs'

const { policies, requests, rounds } = JSON.parse(readFileSync(0, 'utf8'))
const simulations = requests.map(([action, resource]) => ({
  request: {
    action, principal: '%s', resource: { resource, accountId: '111122223333' }, contextVariables: {},
  },
  identityPolicies: policies, serviceControlPolicies: [], resourceControlPolicies: [],
}))
for (const simulation of simulations) await runSimulation(simulation, {})
const began = process.hrtime.bigint()
for (let round = 0; round < rounds; round++) {
  for (const simulation of simulations) await runSimulation(simulation, {})
}
const seconds = Number(process.hrtime.bigint() - began) / 1e9
console.log(JSON.stringify(seconds / rounds / simulations.length))
"""
# The goal is 1,000 policies a second where the tool has 280. Times say something of the machine too and bind nobody.
BUDGETS = {"parliament": 0.28}
VALIDATORS = {
    # What each takes for the policies on its standard input, after a first one that pays for its start.
    "parliament": """
import json, sys, time
import parliament
texts = json.load(sys.stdin)
parliament.analyze_policy_string(texts[0])
began = time.perf_counter()
for text in texts: parliament.analyze_policy_string(text)
print((time.perf_counter() - began) / len(texts))
""",
}


def main() -> list[Ratio]:
    """Measure decisions, validation and the start of the package."""
    documents = {item.name: item.document for item in load()}
    return [*decisions(documents), *validation(list(documents.values())), start()]


def decisions(documents: dict[str, str]) -> list[Ratio]:
    """A decision for a principal with ten managed policies, documents compiled as the product keeps them."""
    held = [documents[name] for name in HELD]
    policies = policy.PolicySet(identity=[policy.compile_policy(text) for text in held])
    requests = cycle(policy.Request(USER, action, resource, "111122223333") for action, resource in REQUESTS)
    rounds = 200

    def decide() -> None:
        for _ in range(rounds):
            policy.evaluate(next(requests), policies)

    seconds = alternate(decide, rounds=5)[0] / rounds
    simulator = run_simulator(held)
    goal = Ratio("a decision with 10 managed policies", seconds, "the goal", 0.0002)
    if simulator is None:
        return [goal]
    return [goal, Ratio("a decision with 10 managed policies", seconds, "iam-simulate", simulator, 1 / 20)]


def run_simulator(texts: list[str]) -> float | None:
    """Return the seconds one simulation takes @cloud-copilot/iam-simulate."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        skipped("iam-simulate", "npm is missing")
        return None
    policies = [{"name": f"policy{index}", "policy": json.loads(text)} for index, text in enumerate(texts)]
    given = json.dumps({"policies": policies, "requests": REQUESTS, "rounds": 20})
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "simulate.mjs")
        script.write_text(SIMULATOR % USER)
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "@cloud-copilot/iam-simulate"]
        return run("iam-simulate", folder, install, [node, str(script)], given)


def run(name: str, folder: str, install: list[str], measure: list[str], given: str) -> float | None:
    """Install a tool and return what its measurement prints, or None when either fails."""
    try:
        subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=300)
        done = subprocess.run(measure, cwd=folder, check=True, capture_output=True, timeout=300, input=given, text=True)
    except (subprocess.SubprocessError, OSError) as error:
        skipped(name, str(error))
        return None
    return float(done.stdout.strip().splitlines()[-1])


def skipped(name: str, why: str) -> None:
    """Say that a yardstick is left out."""
    sys.stderr.write(f"  without {name}: {why}\n")


def validation(texts: list[str]) -> list[Ratio]:
    """One typical policy, and all AWS managed policies."""

    def validate_all() -> None:
        for text in texts:
            validate(text, "IDENTITY_POLICY")

    typical, everything = alternate(partial(validate, TYPICAL, "IDENTITY_POLICY"), validate_all, rounds=3)
    each = everything / len(texts)
    ratios = [
        Ratio("a typical policy validated", typical, "the goal", 0.001),
        Ratio("a managed policy validated", each, "the goal", 0.001),
    ]
    # Every eighth is enough for tools that are slower.
    sample = json.dumps(texts[::8])
    for name, script in VALIDATORS.items():
        seconds = run_validator(name, script, sample)
        if seconds is not None:
            ratios.append(Ratio("a managed policy validated", each, name, seconds, BUDGETS[name]))
    return ratios


def run_validator(name: str, script: str, given: str) -> float | None:
    """Return the seconds one policy takes a tool from PyPI, in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder, "venv", "bin", "python"))
        try:
            subprocess.run([sys.executable, "-m", "venv", str(Path(folder, "venv"))], check=True, capture_output=True)
        except (subprocess.SubprocessError, OSError) as error:
            skipped(name, str(error))
            return None
        # parliament still asks setuptools where its data is.
        install = [python, "-m", "pip", "install", "--quiet", "setuptools<81", name]
        return run(name, folder, install, [python, "-W", "ignore", "-c", script], given)


def start() -> Ratio:
    """The import of the package, beyond the start of Python."""
    bare, whole = alternate(python_running("pass"), python_running("import iam.policy"), rounds=5)
    return Ratio("the import of iam.policy", whole - bare, "the goal", 0.3)


def python_running(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)
