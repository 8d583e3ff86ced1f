"""Encrypting anew what is encrypted with an older key than the current one, so that it can go.

Everything of the core: people's ID numbers and phones, secret settings of the site and of plugins,
secrets of the ways into a course, codes of invitations, rosters and mails on their way. What a
plugin encrypts in its own data is its own affair (a command of its own, see the hook
`cli_commands`).
"""

from collections.abc import Callable

from modou.services import (
    enrol_methods,
    identity,
    invitations,
    keys_check,
    roster_store,
    settings,
)
from modou.services.access import SiteAccess
from modou.services.jobs import history
from modou.services.occasion import Occasion

#: Things in one transaction.
BATCH = 500
#: (occasion, last id, limit) -> last id, -1 at the end
Step = Callable[[Occasion, int, int], int]


def reencrypt(
    access: SiteAccess, tell: Callable[[str, int, int], None], batch: int = BATCH
) -> None:
    """Encrypt everything anew, batch by batch; it can be stopped and begun again.

    :param tell: told the kind of things, how many of them are done, and how many there are
    :raises VaultError: a field does not open since its key is missing; earlier batches are done
    """
    with access.occasion() as occasion:
        site = occasion.site
        kinds: tuple[tuple[str, int, int, Step], ...] = (
            ("accounts", len(site.users), batch, identity.reencrypt),
            ("courses", len(site.courses), batch, enrol_methods.reencrypt),
            ("invitations", len(site.invitations), batch, invitations.reencrypt),
            ("jobs", len(site.jobs.records), batch, history.reencrypt),
            # Each may hold the rows of 20,000 people.
            ("rosters", len(site.rosters), 1, roster_store.reencrypt),
        )
        settings.reencrypt(occasion)
        keys_check.reencrypt(site, occasion.keys)
    for kind, total, size, step in kinds:
        last, done = -1, 0
        while True:
            with access.occasion() as occasion:
                last = step(occasion, last, size)
            if last == -1:
                break
            done = min(done + size, total)
            tell(kind, done, total)
