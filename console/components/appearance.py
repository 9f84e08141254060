"""Theme, density and the folded navigation: a cookie that outlives the session and is no secret."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "iam-appearance"
YEAR = 365 * 24 * 60 * 60
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Appearance:
    """How one browser shows the console; an empty theme follows the system."""

    theme: str = ""
    is_compact: bool = False
    is_nav_closed: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> "Appearance":
        """Read the cookie; unknown words in it are ignored."""
        words = request.COOKIES.get(COOKIE, "").split(".")
        return cls(
            theme=next((word for word in words if word in THEMES), ""),
            is_compact="compact" in words,
            is_nav_closed="nav-closed" in words,
        )

    @property
    def density(self) -> str:
        """What stands in `data-density`."""
        return "compact" if self.is_compact else ""

    def remember(self, response: HttpResponse) -> None:
        """Write the cookie; the script writes the same one, so it may read it."""
        words = [self.theme, self.density, "nav-closed" if self.is_nav_closed else ""]
        response.set_cookie(
            COOKIE,
            ".".join(word for word in words if word),
            max_age=YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
