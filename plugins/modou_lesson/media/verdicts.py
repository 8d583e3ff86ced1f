"""What can be wrong with a file, as a code with values; the sentences are in
`modou_lesson.services.problems`."""

from typing import Any


class Unfit(Exception):
    """The file cannot be a lesson.

    :param code: a key of `modou_lesson.services.problems.SENTENCES`
    :param values: what its sentence names
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values


class Cancelled(Exception):
    """Somebody stopped the work."""
