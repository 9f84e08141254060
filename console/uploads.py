"""Uploaded files: in memory, and no larger than anything that is uploaded here."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler


class BoundedUploadHandler(MemoryFileUploadHandler):
    """Refuses what is too large before any of it is read, since strangers can send files to any address."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803
        super().handle_raw_input(input_data, META, content_length, *args, **kwargs)
        if not self.activated:
            raise RequestDataTooBig("The file is too large.")
