"""What a password must look like, and changing one's own before the console opens."""

from console.signin.forms import ChangePasswordForm
from iam.errors import IamError
from iam.operations import perform, signin
from iam.operations.login_profiles import rules_for
from iam.principals import Principal

# One sentence for both, so that nobody learns from it which policies a user has.
REFUSAL = (
    "Either you are not authorized to perform iam:ChangePassword, or the new password does not comply with the "
    "password policy that your administrator set for the account."
)


def visible_rules(principal: Principal) -> list[str]:
    """Return the rules for the users of an account in sentences, none where the principal may not read the policy."""
    try:
        perform(principal, "GetAccountPasswordPolicy")
    except IamError as error:
        if error.code != "NoSuchEntity":
            return []
    return rules_for(principal.account_id).sentences()


def change_forced_password(principal: Principal, form: ChangePasswordForm) -> bool:
    """Change the password with a valid form; the first thing that is wrong, in AWS's order, goes on the form."""
    old, new = form.cleaned_data["old"], form.cleaned_data["new"]
    try:
        signin.check_own_password(principal, old)
    except IamError as error:
        form.add_error(form.field_of(error.parameter), error.message)
        return False
    if new != form.cleaned_data["retyped"]:
        form.add_error("retyped", "The two new passwords are different. Enter the same one twice.")
        return False
    try:
        perform(principal, "ChangePassword", OldPassword=old, NewPassword=new)
    except IamError:
        form.add_error(None, REFUSAL)
        return False
    return True
