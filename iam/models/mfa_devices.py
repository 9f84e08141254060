"""MFA devices: what a user, or the root user, proves to have at hand besides knowing the password."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models.accounts import Account
from iam.models.users import User


class DevicesInUse(models.Manager["MfaDevice"]):
    """Only the devices that belong to somebody."""

    def get_queryset(self) -> "models.QuerySet[MfaDevice]":
        return super().get_queryset().filter(enabled_at__isnull=False)


class MfaDevice(models.Model):
    """An MFA device of a user, or of the root user where `user` is null.

    A virtual device is there before anybody enables it, and stays when it is deactivated: while `enabled_at` is null
    it is nobody's. Hence the root user's devices are those among `in_use` that have no user.
    """

    class Kind(models.TextChoices):
        VIRTUAL = "Virtual", "Virtual"
        SECURITY_KEY = "Security key", "Security key"
        HARDWARE = "Hardware", "Hardware"

    serial_number = models.CharField(primary_key=True, max_length=256)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="mfa_devices")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="mfa_devices")
    kind = models.CharField(max_length=16, choices=Kind)
    enabled_at = models.DateTimeField(null=True)
    # Of devices that show codes; a security key has none.
    sealed_seed = models.BinaryField(null=True)
    # How many steps of 30 seconds the device's clock is ahead, as found when it was enabled or resynchronized.
    clock_offset = models.SmallIntegerField(default=0)
    # The step of the newest accepted code, by the device's clock: none up to it is accepted again.
    last_step = models.BigIntegerField(null=True)

    objects = models.Manager["MfaDevice"]()
    in_use = DevicesInUse()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("serial_number"), name="mfa_device_serial_number_unique"),
            models.CheckConstraint(
                condition=Q(serial_number__regex=r"^[A-Za-z0-9_+=/:,.@-]{9,}$"),
                name="mfa_device_serial_number_pattern",
            ),
            models.CheckConstraint(
                condition=Q(enabled_at__isnull=False) | Q(user=None, kind="Virtual"),
                name="mfa_device_of_nobody_is_virtual",
            ),
            models.CheckConstraint(
                condition=Q(kind="Security key", sealed_seed=None)
                | Q(kind__in=["Virtual", "Hardware"], sealed_seed__isnull=False),
                name="mfa_device_seed",
            ),
        ]

    def __str__(self) -> str:
        return self.serial_number

    @property
    def arn(self) -> str:
        """The ARN of a virtual device, which is its serial number."""
        return self.serial_number

    @property
    def name(self) -> str:
        """Path and name of a virtual device, without the first slash: no two of an account share them."""
        return self.serial_number.partition(":mfa/")[2]


class MfaDeviceTag(models.Model):
    """A tag of a virtual MFA device; its key is case-sensitive, unlike those of users and roles."""

    mfa_device = models.ForeignKey(MfaDevice, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("mfa_device", "key", name="mfa_device_tag_unique")]

    def __str__(self) -> str:
        return self.key


class SecurityKey(models.Model):
    """What a passkey or security key is known by (W3C Web Authentication, "Credential Record"); none of it is secret.

    No two devices have the same credential, whoever they belong to.
    """

    device = models.OneToOneField(MfaDevice, on_delete=models.CASCADE, primary_key=True, related_name="security_key")
    credential_id = models.BinaryField(max_length=1023)
    # As the authenticator gave it (RFC 9052, COSE_Key).
    public_key = models.BinaryField(max_length=4096)
    # Grows with each signature of a key that counts; always zero for passkeys that are synchronized.
    sign_count = models.BigIntegerField()
    # The newest that was answered rightly: no answer counts twice, even if two come at the same moment.
    last_challenge = models.BinaryField(max_length=64, null=True)
    # How a browser may reach it: `usb`, `nfc`, `ble`, `internal`, `hybrid`, `cable`, `smart-card`.
    transports = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint("credential_id", name="security_key_credential_unique"),
            models.CheckConstraint(condition=Q(sign_count__gte=0), name="security_key_sign_count"),
        ]

    def __str__(self) -> str:
        return self.device_id
