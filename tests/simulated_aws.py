"""moto's server, as AWS, with few of the policies that AWS manages: `python -m tests.simulated_aws -p 5000`.

moto makes all of them, more than a thousand, anew for each account in each partition, and tells them all in each answer
that has policies: that would be most of what the tests against it cost.
"""

import json
import sys

from moto.iam import models
from moto.server import main

KEPT = ("AdministratorAccess", "ReadOnlyAccess")


def keep(names: tuple[str, ...]) -> None:
    """Leave only these of the policies that AWS manages."""
    known = json.loads(models.aws_managed_policies_data)
    models.aws_managed_policies_data = json.dumps({name: known[name] for name in names})


if __name__ == "__main__":
    keep(KEPT)
    main(sys.argv[1:])
