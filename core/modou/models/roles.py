"""Roles as a site stores them: the defaults, changed by the system admin."""

from collections.abc import Iterable, Iterator

from persistent import Persistent

from modou.permissions import DEFAULT_ROLES, Level


class Role(Persistent):
    """A named set of capabilities. `title` is empty for default roles: theirs is translated."""

    #: Raised by changes that must not happen twice at once; see `modou.services.roles`.
    guard: int = 0

    def __init__(
        self,
        name: str,
        capabilities: Iterable[str],
        levels: Iterable[Level] = (),
        title: str = "",
    ) -> None:
        self.name = name
        self.title = title
        self.capabilities: frozenset[str] = frozenset(capabilities)
        self.levels: frozenset[str] = frozenset(str(level) for level in levels)


def default_roles() -> Iterator[Role]:
    """Fresh roles as a new site has them."""
    for default in DEFAULT_ROLES:
        yield Role(default.name, default.capabilities, default.levels)
