"""What the policy editor may ask, and within which bounds."""

from django import forms

from console.policies.editor import LONGEST_DOCUMENT
from console.policies.reports import POLICY_TYPES
from iam.policy.findings.actions import SERVICE_OF_TYPE

# More patterns than a person writes into one statement; each may stand for hundreds of actions.
_MOST_ACTIONS = 50
_LONGEST_ACTION = 128
_LONGEST_SEARCH = 64


class FindingsForm(forms.Form):
    """A document to be judged."""

    document = forms.CharField(strip=False, required=False, max_length=LONGEST_DOCUMENT)
    policy_type = forms.ChoiceField(choices=[(name, name) for name in POLICY_TYPES])
    resource_type = forms.ChoiceField(choices=[(name, name) for name in SERVICE_OF_TYPE], required=False)


class ServiceForm(forms.Form):
    """A service by the prefix of its actions."""

    service = forms.CharField(max_length=_LONGEST_ACTION)


class ActionsField(forms.Field):
    """The actions of a statement, as written: `?action=s3:Get*&action=s3:PutObject`."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str] | None) -> list[str]:
        """Refuse too many of them; each that is too long to be one is passed over."""
        actions = [action for action in value or () if len(action) <= _LONGEST_ACTION]
        if len(actions) > _MOST_ACTIONS:
            raise forms.ValidationError(f"At most {_MOST_ACTIONS} actions can be asked for; {len(actions)} were.")
        return actions


class ActionsForm(forms.Form):
    """The actions of a statement."""

    action = ActionsField(required=False)


class PrincipalsForm(forms.Form):
    """Which principals of the account, and what their name begins with or contains."""

    kind = forms.ChoiceField(choices=[("user", "user"), ("role", "role")])
    q = forms.CharField(required=False, max_length=_LONGEST_SEARCH)
