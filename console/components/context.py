"""What the frame around every page needs to know. Nothing is computed before a template asks for it."""

from collections.abc import Iterator
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest

from console.components import flashes, navigation
from console.components.appearance import Appearance
from console.components.flashes import Flash
from console.components.navigation import Link
from console.components.role_history import RecentRole, recent_roles
from iam.authorization import Authorizer
from iam.queries.connections import entrances_of, may_enter
from iam.queries.frame import FrameRecord, MirrorRecord, read_frame

# Of those in the account menu; the list of all has its own page.
MOST_AWS_ACCOUNTS = 10
# Orange, so that nobody takes one for an account of this installation.
COLOR_OF_AWS = "FBBF93"


class Frame:
    """The top bar, the side navigation and the notifications of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.principal = getattr(request, "principal", None)
        self.account = getattr(request, "account", None)
        self.person = getattr(request, "signed_in", None)
        self.role = getattr(request, "role", None)

    @cached_property
    def appearance(self) -> Appearance:
        """Theme and density from the browser's cookie."""
        return Appearance.of(self.request)

    @property
    def account_label(self) -> str:
        """The alias of the account, or its id while it has none."""
        return getattr(self.account, "alias", None) or (self.principal.account_id if self.principal else "")

    @property
    def root_label(self) -> str:
        """What the account menu's button says for the root user: the account's name."""
        return getattr(self.account, "name", "") or self.account_label

    @property
    def help_state(self) -> str:
        """The help panel is open where the address asks for it, which works without script too."""
        return "open" if "help" in self.request.GET else "closed"

    @property
    def section(self) -> str:
        """The area that the page belongs to, as the side navigation marks it."""
        match = getattr(self.request, "resolver_match", None)
        return match.namespace if match else ""

    @property
    def navigation(self) -> Iterator[tuple[str, list[Link]]]:
        """Headings and links of the side navigation."""
        is_in_mirror = bool(self.principal and self.principal.is_in_mirror)
        return navigation.sections(self.section, is_in_mirror=is_in_mirror)

    @property
    def home(self) -> str:
        """The address behind the wordmark."""
        return navigation.find_url(navigation.HOME) or "/"

    @property
    def sign_out(self) -> str | None:
        return navigation.find_url("signin:sign-out")

    @property
    def account_pages(self) -> list[tuple[str, str]]:
        """The links of the account menu, as far as their pages exist."""
        pages = [
            ("Account", navigation.find_url("account:details")),
            ("Billing Dashboard", navigation.find_url("account:billing")),
        ]
        # A role's session has no credentials of its own.
        if self.principal and self.principal.session is None:
            pages.append(("Security credentials", navigation.find_url("credentials:security-credentials")))
        if self.principal:
            pages.append(("Sessions", navigation.find_url("account:sessions")))
        return [(label, url) for label, url in pages if url]

    @property
    def switch_role(self) -> str | None:
        """The page for switching roles, which root has no use for."""
        may_switch = self.person and not self.person.is_root
        return navigation.find_url("switchrole:switch") if may_switch else None

    @property
    def switch_back(self) -> str | None:
        return navigation.find_url("switchrole:back")

    @cached_property
    def recent_roles(self) -> list[RecentRole]:
        """The roles that this browser switched to last, but for those that are in the menu anyway."""
        listed = {(entry.account, entry.role) for entry in self.aws_accounts}
        return [role for role in recent_roles(self.request) if (role.account, role.role) not in listed]

    @cached_property
    def aws_accounts(self) -> list[RecentRole]:
        """The AWS accounts that the person may enter, as roles to switch to."""
        person = self.person
        if person is None or person.is_root or not frame_record(self.request).has_entrances:
            return []
        authorizer: Authorizer = Authorizer(person) if self.role else self.request.authorizer  # type: ignore[attr-defined]
        known = {(role.account, role.role): role.color for role in recent_roles(self.request)}
        return [
            RecentRole(
                entrance.account_id,
                entrance.name,
                entrance.account_name,
                known.get((entrance.account_id, entrance.name), COLOR_OF_AWS),
            )
            for entrance in entrances_of(person.account_id, limit=MOST_AWS_ACCOUNTS)
            if may_enter(authorizer, entrance)
        ]

    @property
    def mirror(self) -> MirrorRecord | None:
        """What stands above the pages of an AWS account."""
        return frame_record(self.request).mirror

    @property
    def set_appearance(self) -> str | None:
        return navigation.find_url("components:appearance")

    @property
    def search(self) -> str | None:
        return navigation.find_url("search:page")

    @property
    def changes(self) -> str | None:
        return navigation.find_url("changes:list")

    @property
    def change_status(self) -> str | None:
        return navigation.find_url("components:change-status")

    @property
    def open_changes(self) -> FrameRecord:
        """What of this account is `moving` to the backend, and what `failed`."""
        return frame_record(self.request)

    @cached_property
    def flashes(self) -> list[Flash]:
        """The notifications to show, which are gone from the session once asked for."""
        return flashes.pop(self.request)


def frame_record(request: HttpRequest) -> FrameRecord:
    """Return what stands around the page in the tables, read once for each request."""
    if not hasattr(request, "frame_record"):
        principal = getattr(request, "principal", None)
        person = getattr(request, "signed_in", None)
        home = person.account_id if person else ""
        request.frame_record = read_frame(principal, home) if principal else FrameRecord()  # type: ignore[attr-defined]
    return request.frame_record  # type: ignore[attr-defined]


def frame(request: HttpRequest) -> dict[str, object]:
    """Give every template its `frame`, and `debug` for the pages that only developers see."""
    return {"frame": Frame(request), "debug": settings.DEBUG}
