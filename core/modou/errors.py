"""What can go wrong for a person, as exceptions that any floor may raise.

A `ModouError` carries a translatable sentence for the reader. Raising one rolls the transaction
back; `modou.web.problems` turns it into a page or into problem JSON (RFC 9457), in one place.
Everything that is not a `ModouError` is a defect of ours and is answered with 500.
"""

import random
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from modou.i18n import TranslationString, _

Message: TypeAlias = TranslationString | str


class ModouError(Exception):
    """Base of all errors meant for people.

    :param message: one sentence that names the thing (field, line, key)
    :param field: name of the form field or setting that it is about, if any
    """

    #: HTTP status of the answer.
    status = 400
    #: Short stable name, the last part of the problem type URI.
    code = "error"
    title: Message = _("That did not work")
    #: What programs get beside the sentence, as further members of the problem JSON: JSON-able,
    #: messages in it are translated.
    members: Mapping[str, object] = {}

    def __init__(self, message: Message, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return in_english(self.message)


def in_english(message: Message) -> str:
    """A message as the operator's commands and logs have it."""
    return message.interpolate() if isinstance(message, TranslationString) else message


class Invalid(ModouError):
    """Input that breaks a rule. `errors` maps field names to their sentences."""

    status = 422
    code = "invalid"
    title = _("Please check what you entered")

    def __init__(
        self,
        message: Message,
        field: str | None = None,
        errors: Mapping[str, Sequence[Message]] | None = None,
    ) -> None:
        super().__init__(message, field)
        self.errors: dict[str, list[Message]] = {k: list(v) for k, v in (errors or {}).items()}
        if field is not None:
            self.errors.setdefault(field, []).append(message)

    def sentences(self) -> list[str]:
        """What is wrong with each field, in English: "phone: …"."""
        return [f"{f}: {in_english(m)}" for f, found in self.errors.items() for m in found]


class NotFound(ModouError):
    """The thing asked for does not exist, or the actor may not know that it does."""

    status = 404
    code = "not-found"
    title = _("Page not found")


class NotAllowed(ModouError):
    """The actor lacks the capability, or a rule forbids it."""

    status = 403
    code = "not-allowed"
    title = _("You may not do that")


class SignInNeeded(ModouError):
    """Nobody is signed in, and somebody must be."""

    status = 401
    code = "sign-in-needed"
    title = _("Please sign in")


class Conflict(ModouError):
    """The thing is not in a state that allows this (already taken, already done)."""

    status = 409
    code = "conflict"
    title = _("That is not possible now")


class TooMany(ModouError):
    """Too often, too soon. `retry_after` is in seconds."""

    status = 429
    code = "too-many"
    title = _("Too many attempts")

    def __init__(self, message: Message, retry_after: int, field: str | None = None) -> None:
        super().__init__(message, field)
        self.retry_after = retry_after


class TooLarge(ModouError):
    """Input over a limit."""

    status = 413
    code = "too-large"
    title = _("That is too large")


class Unavailable(ModouError):
    """A part of the system does not answer now; trying again later may help."""

    status = 503
    code = "unavailable"
    title = _("Not available right now")

    def __init__(self, message: Message, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(Unavailable):
    """More is asked for than can be done now. `retry_after` differs from one to the next, so that
    those who are turned away together do not come back together."""

    code = "busy"

    def __init__(self, message: Message = "") -> None:
        super().__init__(
            message or _("The site is very busy right now. Please try again in a moment."),
            retry_after=random.randint(3, 10),  # noqa: S311 - spreads, keeps no secret
        )


class StepNeeded(ModouError):
    """An asking hook demands a step first (accept a notice, pass a check) found at `url`."""

    status = 403
    code = "step-needed"
    title = _("One more step first")

    def __init__(self, message: Message, url: str) -> None:
        super().__init__(message)
        self.url = url


class ConfigurationError(Exception):
    """The site cannot start as configured. The message is for the operator, in English,
    names the key and the place, and is printed without a traceback."""
