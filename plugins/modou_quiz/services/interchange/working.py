"""What the work of an import or export needs of whoever runs it: a job, or a command."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from modou.errors import Message
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion


class Work(Protocol):
    """A part of `modou.services.jobs.JobContext`."""

    values: Mapping[str, Any]

    def occasion(self, actor: int = 0) -> AbstractContextManager[Occasion]:
        """One transaction, in the name of a user or of the system."""

    def progress(self, fraction: float, text: Message = "") -> None:
        """Tell how far it is, 0 to 1."""

    def check(self) -> None:
        """Raise when it is to stop."""


class Here:
    """Work that is done at once, in this process, while somebody waits."""

    def __init__(self, access: SiteAccess, **values: Any) -> None:
        self._access = access
        self.values: Mapping[str, Any] = values

    @contextmanager
    def occasion(self, actor: int = 0) -> Iterator[Occasion]:
        with self._access.occasion(actor) as occasion:
            yield occasion

    def progress(self, fraction: float, text: Message = "") -> None:
        """Nobody looks."""

    def check(self) -> None:
        """Nobody says stop but by ending the process."""
