"""What a password must look like (IAM User Guide, "Set an account password policy for IAM users")."""

import re
import secrets
import string
from dataclasses import dataclass

from iam.models import PasswordPolicy
from iam.operations.password_hashes import GeneratedPassword

SYMBOLS = "!@#$%^&*()_+-=[]{}|'"
_CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SYMBOLS)
GENERATED_LENGTH = 20
# What the API's shape allows, said in words here (`passwordType`).
_ALLOWED = re.compile("[\t\n\r\u0020-\u00ff]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with the sentence that tells it, so that the two cannot drift apart."""

    sentence: str
    characters: str = ""
    minimum_length: int = 0
    minimum_classes: int = 0

    def is_met_by(self, password: str) -> bool:
        """Whether a password satisfies the rule."""
        if self.characters and not set(self.characters) & set(password):
            return False
        classes = sum(1 for characters in _CLASSES if set(characters) & set(password))
        return len(password) >= self.minimum_length and classes >= self.minimum_classes


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for one account's users, and the names that no password may equal."""

    rules: tuple[Rule, ...]
    forbidden: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Return the rules as a person reads them beneath a password field."""
        told = [rule.sentence for rule in self.rules]
        return [*told, "Must not be identical to your account name or email address"] if self.forbidden else told

    def faults(self, password: str) -> list[str]:
        """Return the sentence of every rule that a password breaks."""
        broken = [rule.sentence for rule in self.rules if not rule.is_met_by(password)]
        if any(not _ALLOWED.match(character) for character in password):
            broken.append("Must use characters from U+0020 to U+00FF only")
        if password.casefold() in (name.casefold() for name in self.forbidden):
            broken.append("Must not be identical to your account name or email address")
        return broken

    def generate(self) -> GeneratedPassword:
        """Return a random password that meets every rule: all classes, and as long as the policy asks for.

        It begins with a letter or digit, so that a spreadsheet never takes it for a formula.
        """
        length = max([GENERATED_LENGTH, *(rule.minimum_length for rule in self.rules)])
        first = secrets.choice(string.ascii_letters + string.digits)
        rest = [secrets.choice(kind) for kind in _CLASSES]
        rest += [secrets.choice("".join(_CLASSES)) for _ in range(length - len(rest) - 1)]
        secrets.SystemRandom().shuffle(rest)
        return GeneratedPassword(first + "".join(rest))


# Root passwords and accounts without a policy of their own: IAM's default.
def default_rules(*forbidden: str) -> PasswordRules:
    """Return IAM's default rules; `forbidden` are the account's name and e-mail address."""
    return PasswordRules(
        (
            Rule("Must be at least 8 characters long", minimum_length=8),
            Rule(
                "Must include at least three of: uppercase letters, lowercase letters, numbers, symbols",
                minimum_classes=3,
            ),
        ),
        forbidden,
    )


def rules_of(policy: PasswordPolicy | None, *forbidden: str) -> PasswordRules:
    """Return the rules for an account's users: its own policy's, or the default."""
    if policy is None:
        return default_rules(*forbidden)
    rules = [
        Rule(
            f"Must be at least {policy.minimum_password_length} characters long",
            minimum_length=policy.minimum_password_length,
        )
    ]
    for is_required, sentence, characters in (
        (
            policy.require_uppercase_characters,
            "at least one uppercase letter (A-Z)",
            string.ascii_uppercase,
        ),
        (
            policy.require_lowercase_characters,
            "at least one lowercase letter (a-z)",
            string.ascii_lowercase,
        ),
        (policy.require_numbers, "at least one number (0-9)", string.digits),
        (policy.require_symbols, f"at least one symbol: {' '.join(SYMBOLS)}", SYMBOLS),
    ):
        if is_required:
            rules.append(Rule(f"Must include {sentence}", characters=characters))
    return PasswordRules(tuple(rules))
