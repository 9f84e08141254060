"""The one way a refusal travels: from an operation to a form field, a flash, an XML error or a failed change."""


class IamError(Exception):
    """A refusal in IAM's own terms.

    `code` is the API's error code (`NoSuchEntity`), `message` the sentence a person reads, `parameter` the API
    parameter at fault where there is one (`UserName`); `operation` is filled in by `perform`.
    """

    def __init__(self, code: str, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.parameter = parameter
        self.operation: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class OutdatedError(Exception):
    """What a call is judged by may be past, or is not all that it needs: it has to be judged by what is read now."""
