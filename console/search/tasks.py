"""What people want to do, in words: `create user`, `add user alice to groups` (console reference 2.10)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from console.components.navigation import HOME, SECTIONS, find_url
from console.search.options import Option, key_of
from iam.queries.search import Found, Kind

MOST = 6
# Where no task was asked for, what was found comes with a few.
UNASKED, UNASKED_EACH = 4, 2
ASKS = "Asks first"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; `label` has `{}` where the name of what it is done to stands.

    `also` are words by which it is found besides those of its label.
    """

    label: str
    url_name: str
    icon: str
    note: str = "Task"
    also: str = ""
    is_for_customers: bool = False

    @property
    def words(self) -> list[str]:
        """The words that find the task."""
        return f"{self.label.replace('{}', '')} {self.also}".lower().replace("…", "").split()

    def matches(self, typed: Sequence[str]) -> bool:
        """Whether each typed word begins one of the task's."""
        return all(any(word.startswith(each) for word in self.words) for each in typed)


GENERAL = (
    Task("Create user", "users:create", "plus", also="add new"),
    Task("Create user group", "groups:create", "plus", also="add new"),
    Task("Create role", "roles:create", "plus", also="add new"),
    Task("Create policy", "policies:create", "plus", also="managed add new"),
    Task("My security credentials", "credentials:security-credentials", "key", also="own access keys mfa"),
    Task("Change password", "account:change-password", "lock", also="own my"),
    Task("Edit password policy", "account:password-policy", "lock", also="set"),
    Task("Edit account alias", "account:alias", "edit", also="create sign-in url"),
    Task("Switch role", "switchrole:switch", "switch", also="assume"),
    Task("Keyboard shortcuts", "search:shortcuts", "terminal", note="Help", also="keys help"),
)
ABOUT = {
    Kind.USER: (
        Task("Add user {} to groups", "users:add-to-groups", "plus"),
        Task("Add permissions to {}", "users:add-permissions", "plus", also="attach policy"),
        Task("Manage access keys for {}", "users:security-credentials", "key", also="create"),
        Task("Manage MFA for {}", "users:security-credentials", "shield"),
        Task("Manage password for {}", "users:console-access", "lock", also="console access reset"),
        Task("Manage signing certificates for {}", "users:security-credentials", "key"),
        Task("Remove user {} from groups", "users:groups", "minus"),
        Task("Manage tags of {}", "users:manage-tags", "tag"),
        Task("Delete {}…", "users:delete", "trash", ASKS),
    ),
    Kind.GROUP: (
        Task("Add users to group {}", "groups:add-users", "plus"),
        Task("Attach policy to {}", "groups:attach-policies", "plus", also="add permissions"),
        Task("Delete {}…", "groups:delete", "trash", ASKS),
    ),
    Kind.ROLE: (
        Task("Switch to {}", "switchrole:switch", "switch", also="role assume"),
        Task("Edit trust policy for role {}", "roles:edit-trust", "edit", also="relationship"),
        Task("Show policy document for role {}", "roles:trust", "policy", also="trust"),
        Task("Attach policy to {}", "roles:attach-policies", "plus", also="add permissions"),
        Task("Delete {}…", "roles:delete", "trash", ASKS),
    ),
    Kind.POLICY: (
        Task("Attach entities to {}", "policies:attach", "plus", also="users groups roles"),
        Task("Detach entities from {}", "policies:entities", "minus", also="users groups roles"),
        Task("Edit {}", "policies:edit", "edit", also="policy", is_for_customers=True),
        Task("Delete {}…", "policies:delete", "trash", ASKS, is_for_customers=True),
    ),
}
WORDS = frozenset(word for tasks in (GENERAL, *ABOUT.values()) for task in tasks for word in task.words)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed, taken apart: `verbs` are words of tasks, `name` is what is left."""

    verbs: tuple[str, ...]
    name: str


def read_wish(text: str) -> Wish:
    """Take a text apart. A single word is a name; of several, those that are a task's words in full are verbs."""
    typed = text.split()
    if len(typed) < 2:
        return Wish((), text)
    verbs = tuple(word.lower() for word in typed if word.lower() in WORDS)
    return Wish(verbs, " ".join(word for word in typed if word.lower() not in WORDS))


def general(text: str) -> list[Option]:
    """Return the tasks that need no name."""
    typed = text.lower().split()
    hits = text.split()
    found = ((task, find_url(task.url_name)) for task in GENERAL if typed and task.matches(typed))
    return [Option(task.label, url, task.icon, task.note, hits) for task, url in found if url]


def about(wish: Wish, found: Sequence[Found], account_id: str) -> list[Option]:
    """Return tasks for what was found: those that were named, else those of the best finds."""
    hits = [*wish.verbs, *wish.name.split()]
    most, each = (MOST, MOST) if wish.verbs else (UNASKED, UNASKED_EACH)
    options: list[Option] = []
    for thing in found:
        fitting = ((task, url) for task, url in _tasks_of(thing, account_id) if task.matches(wish.verbs))
        options += [
            Option(task.label.format(thing.name), url, task.icon, task.note, hits)
            for task, url in islice(fitting, each)
        ]
    return options[:most]


def _tasks_of(thing: Found, account_id: str) -> Iterator[tuple[Task, str]]:
    for task in ABOUT[thing.kind]:
        if task.is_for_customers and thing.is_aws_managed:
            continue
        if task.url_name == "switchrole:switch":
            url = find_url(task.url_name)
            query = urlencode({"account": account_id, "roleName": thing.arn.partition(":role/")[2]})
            url = f"{url}?{query}" if url else None
        else:
            url = find_url(task.url_name, key_of(thing))
        if url:
            yield task, url


def pages(text: str) -> list[Option]:
    """Return the pages of the side navigation whose label has words that begin as typed; all of them for no text."""
    typed = text.lower().split()
    found = []
    for section in SECTIONS:
        for entry in section.entries:
            words = f"{entry.label} {section.heading}".lower().split()
            url = find_url(entry.url_name)
            if url and all(any(word.startswith(each) for word in words) for each in typed):
                icon = "settings" if entry.url_name == HOME else "arrow-right"
                found.append(Option(entry.label, url, icon, "Page", text.split()))
    return found
