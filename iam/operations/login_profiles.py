"""Console passwords of users."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.utils import timezone

from iam.errors import IamError
from iam.models import Account, LoginProfile, PasswordPolicy, PreviousPassword, User
from iam.operations import console_sessions, known_passwords, password_rules, root_passwords
from iam.operations.entities import existing_user, insert, judged_user, lock_user, own_name
from iam.operations.password_hashes import hash_password
from iam.operations.registry import Access, Call, operation
from iam.principals import Principal


def password_policy(account_id: str) -> PasswordPolicy | None:
    """Return the account's own password policy, None while IAM's default applies."""
    return PasswordPolicy.objects.filter(account=account_id).first()


def rules_for(account_id: str) -> password_rules.PasswordRules:
    """Return the rules that an account's user passwords have to meet."""
    account = Account.objects.select_related("root_user").get(pk=account_id)
    root = getattr(account, "root_user", None)
    forbidden = (account.name, root.email) if root else ()
    return password_rules.rules_of(password_policy(account_id), *forbidden)


def _check_rules(account_id: str, password: str, parameter: str) -> None:
    faults = rules_for(account_id).faults(password)
    if faults:
        raise IamError("PasswordPolicyViolation", ". ".join(faults) + ".", parameter=parameter)


def _set_password(call: Call, profile: LoginProfile, password: str, *, parameter: str) -> None:
    if call.principal.is_in_mirror:
        # AWS alone keeps passwords, and remembers earlier ones.
        profile.password_changed_at = timezone.now()
        return
    policy = password_policy(profile.user.account_id)
    remembered = (policy.password_reuse_prevention if policy else None) or 0
    if remembered:
        earlier = profile.user.previous_passwords.order_by("-replaced_at").values_list("password", flat=True)
        for known in [profile.password, *earlier[: remembered - 1]]:
            if check_password(password, known):
                raise IamError(
                    "PasswordPolicyViolation",
                    f"Must not be one of the last {remembered} passwords.",
                    parameter=parameter,
                )
    now = timezone.now()
    PreviousPassword.objects.create(user=profile.user, password=profile.password, replaced_at=now)
    # 24 is the highest number that reuse prevention can ask for.
    kept = profile.user.previous_passwords.order_by("-replaced_at").values("pk")[:24]
    profile.user.previous_passwords.exclude(pk__in=kept).delete()
    profile.password = hash_password(password)
    profile.password_changed_at = now


def _shape(profile: LoginProfile) -> dict[str, Any]:
    return {
        "UserName": profile.user.name,
        "CreateDate": profile.created_at,
        "PasswordResetRequired": profile.password_reset_required,
    }


def _lock_profile(call: Call, user_name: str) -> LoginProfile:
    return _profile(lock_user(call, user_name))


def _profile(user: User) -> LoginProfile:
    profile = LoginProfile.objects.filter(user=user).select_related("user").first()
    if profile is None:
        raise IamError(
            "NoSuchEntity",
            f"Login Profile for User {user.name} cannot be found.",
            parameter="UserName",
        )
    return profile


def _is_about_root(call: Call, user_name: str | None) -> bool:
    """Whether a call means the root user: only one in a session of AssumeRoot may leave out the name."""
    return user_name is None and call.principal.is_assumed_root


@operation("CreateLoginProfile", access=existing_user)
def create_login_profile(
    call: Call,
    *,
    password: str | None = None,
    user_name: str | None = None,
    password_reset_required: bool = False,
) -> dict[str, Any]:
    """Give a user a console password; an assumed root lets its own account's root user have one again.

    Raises IamError EntityAlreadyExists, PasswordPolicyViolation, ValidationError without a password.
    """
    if _is_about_root(call, user_name):
        return {"LoginProfile": root_passwords.create(call, password)}
    if password is None:
        raise IamError(
            "ValidationError",
            "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be "
            "null",
            parameter="Password",
        )
    user = lock_user(call, own_name(call, user_name))
    _check_rules(call.account_id, password, "Password")
    now = timezone.now()
    profile = LoginProfile(
        user=user,
        password="" if call.principal.is_in_mirror else hash_password(password),
        password_reset_required=password_reset_required,
        created_at=now,
        password_changed_at=now,
    )
    insert(
        profile,
        IamError(
            "EntityAlreadyExists",
            f"Login Profile for user {user.name} already exists.",
            parameter="UserName",
        ),
    )
    call.touch("user", user.name)
    return {"LoginProfile": _shape(profile)}


@operation("GetLoginProfile", access=existing_user)
def get_login_profile(call: Call, *, user_name: str | None = None) -> dict[str, Any]:
    """Tell whether a user, or the root user who is assumed, has a console password."""
    if _is_about_root(call, user_name):
        return {"LoginProfile": root_passwords.shape(call.account_id)}
    return {"LoginProfile": _shape(_profile(judged_user(call, own_name(call, user_name))))}


@operation("UpdateLoginProfile", access=existing_user)
def update_login_profile(
    call: Call,
    *,
    user_name: str,
    password: str | None = None,
    password_reset_required: bool | None = None,
) -> None:
    """Set a user's password or whether it must be changed at the next sign-in."""
    profile = _lock_profile(call, user_name)
    if password is not None:
        _check_rules(call.account_id, password, "Password")
        _set_password(call, profile, password, parameter="Password")
    if password_reset_required is not None:
        profile.password_reset_required = password_reset_required
    profile.save()
    if password is not None:
        console_sessions.end_for_new_credentials(call, profile.user_id)
    call.touch("user", profile.user.name)


@operation("DeleteLoginProfile", access=existing_user)
def delete_login_profile(call: Call, *, user_name: str | None = None) -> None:
    """Take a user's console password away, or that of the root user who is assumed; keys and roles keep working."""
    if _is_about_root(call, user_name):
        root_passwords.delete(call)
        return
    profile = _lock_profile(call, own_name(call, user_name))
    user = profile.user
    user.previous_passwords.all().delete()
    profile.delete()
    console_sessions.end_for_new_credentials(call, user.pk)
    call.touch("user", user.name)


def _own_password(call: Call, parameters: Mapping[str, Any]) -> Access:
    del parameters
    policy = password_policy(call.account_id)
    return Access(
        call.principal.arn,
        unless_denied=bool(policy and policy.allow_users_to_change_password),
    )


def _old_password(principal: Principal, parameters: Mapping[str, Any]) -> None:
    if principal.is_user:
        known_passwords.prove(principal, parameters["OldPassword"])


@operation("ChangePassword", access=_own_password, proof=_old_password)
def change_password(call: Call, *, old_password: str, new_password: str) -> None:
    """Change the caller's own console password.

    Raises IamError InvalidUserType for others than users, AccessDenied for a wrong old password, Throttling,
    PasswordPolicyViolation.
    """
    if not call.principal.is_user:
        raise IamError("InvalidUserType", "Only IAM Users can change their own password.")
    profile = _lock_profile(call, call.principal.name)
    if not check_password(old_password, profile.password):
        raise IamError("AccessDenied", "The old password was incorrect.", parameter="OldPassword")
    _check_rules(call.account_id, new_password, "NewPassword")
    _set_password(call, profile, new_password, parameter="NewPassword")
    profile.password_reset_required = False
    profile.save()
    console_sessions.end_for_new_credentials(call, profile.user_id)
    call.touch("user", profile.user.name)


def password_expires_at(profile: LoginProfile, policy: PasswordPolicy | None) -> Any:
    """Return when a password expires under the account's policy, None where it never does."""
    if policy is None or not policy.max_password_age:
        return None
    return profile.password_changed_at + timedelta(days=policy.max_password_age)
