"""Fields of identity providers: files that are read as text, and lists that stand one on a line."""

from typing import Any

from django import forms

# The service model counts characters, of which one has up to four bytes; the upload handler bounds those.
LONGEST_METADATA = 10_000_000
LONGEST_KEY = 16_384
METADATA_RULE = "An XML file in UTF-8 without a byte order mark, of 1,000 to 10,000,000 characters."
PRIVATE_KEY_RULE = "A PEM file with the RSA key that decrypts assertions. It cannot be read again."
AUDIENCE_RULE = "Maximum 255 characters. Up to 100 audiences can be added later."
THUMBPRINT_RULE = (
    "40 hexadecimal digits each, up to 5, one on a line. Needed where no well-known authority signed the certificate."
)
_BOM = "\ufeff"


def text_input(**attributes: Any) -> forms.TextInput:
    """Return a control for names and addresses, which browsers must not correct."""
    return forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", **attributes})


class TextFileField(forms.FileField):
    """A file whose value is its text."""

    def __init__(self, *, longest: int, accept: str, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(widget=forms.FileInput({"accept": accept}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> str:
        """Return the text. Raises ValidationError."""
        file = super().clean(data, initial)
        if not file:
            return ""
        if file.size > 4 * self.longest:
            raise forms.ValidationError(f"“{file.name}” has more than {self.longest:,} characters.")
        try:
            text = file.read().decode()
        except UnicodeDecodeError:
            raise forms.ValidationError(f"“{file.name}” is not text in UTF-8.") from None
        if text.startswith(_BOM):
            raise forms.ValidationError(f"“{file.name}” begins with a byte order mark. Save it as UTF-8 without one.")
        return text


class MetadataField(TextFileField):
    """The metadata document of a SAML provider."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            longest=LONGEST_METADATA,
            accept=".xml,application/xml,text/xml",
            label="Metadata document",
            error_messages={"required": "Choose the metadata document that the provider gave you."},
            **kwargs,
        )


class PrivateKeyField(TextFileField):
    """A private key of a SAML provider, which is never shown again."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            longest=LONGEST_KEY,
            accept=".pem,.key",
            label="Private key",
            error_messages={"required": "Choose the file with the private key."},
            **kwargs,
        )


class ThumbprintsField(forms.CharField):
    """Digests of certificates, one on a line, which may have the colons that other tools write."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea({"rows": 3, "class": "is-code", "autocapitalize": "none", "spellcheck": "false"})
        super().__init__(label="Thumbprints", max_length=2048, widget=widget, **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Return the digests; the operation judges them."""
        return [line.replace(":", "") for line in super().clean(value).split()]
