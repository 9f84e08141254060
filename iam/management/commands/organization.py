"""`manage.py organization`: say which accounts of this installation form an organization."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations import organizations
from iam.queries.account import get_account
from iam.queries.organizations import account_ids_of, organization_of


class Command(BaseCommand):
    """Every task but the last two names the management account; all print what the organization is afterwards."""

    help = "Create, change, show or delete an organization of accounts of this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the task and the accounts it concerns."""
        tasks = parser.add_subparsers(dest="task", required=True)
        create = tasks.add_parser("create", help="make an account the management account of a new organization")
        configure = tasks.add_parser("configure", help="change what the organization decides about IAM")
        add = tasks.add_parser("add", help="add an account to an organization")
        delete = tasks.add_parser("delete", help="delete an organization; its accounts stand alone again")
        for task in (create, configure, add, delete):
            task.add_argument("management_account", metavar="MANAGEMENT-ID", help="the management account's 12 digits")
        for task in (create, configure):
            task.add_argument("--feature-set", choices=["ALL", "CONSOLIDATED_BILLING"])
        configure.add_argument("--trusted-access", choices=["on", "off"], help="trusted access for IAM")
        configure.add_argument("--delegated-administrator", metavar="ID", help="for IAM; an empty text for none")
        add.add_argument("account_id", metavar="ID", help="the account's 12 digits")
        remove = tasks.add_parser("remove", help="take an account out of its organization")
        show = tasks.add_parser("show", help="show the organization of an account")
        for task in (remove, show):
            task.add_argument("account_id", metavar="ID", help="the account's 12 digits")

    def handle(self, *args: Any, task: str, **options: Any) -> None:
        """Do the task and print the organization as JSON."""
        management, account = options.get("management_account", ""), options.get("account_id", "")
        with refusals_told():
            if task == "create":
                organizations.create_organization(management, feature_set=options["feature_set"] or "ALL")
            elif task == "configure":
                organizations.configure(
                    management,
                    feature_set=options["feature_set"],
                    trusted_access={"on": True, "off": False}.get(options["trusted_access"]),
                    delegated_administrator=options["delegated_administrator"],
                )
            elif task == "add":
                organizations.add_account(management, account)
            elif task == "remove":
                organizations.remove_account(account)
            elif task == "delete":
                organizations.delete_organization(management)
            else:
                get_account(account)
        self.stdout.write(json.dumps(_told(management or account)))


def _told(account_id: str) -> dict[str, Any]:
    organization = organization_of(account_id)
    if organization is None:
        return {"id": None}
    return {
        "id": organization.pk,
        "root_id": organization.root_id,
        "management_account": organization.management_account_id,
        "feature_set": organization.feature_set,
        "trusted_access": organization.is_trusting_iam,
        "delegated_administrator": organization.delegated_administrator_id,
        "enabled_features": organization.enabled_features,
        "accounts": account_ids_of(organization),
    }
