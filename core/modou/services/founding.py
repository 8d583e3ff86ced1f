"""Making a new site in an empty database, and looking whether the one that is there is sound."""

import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from transaction.interfaces import TransientError
from ZODB.POSException import POSError

from modou.errors import ConfigurationError
from modou.models.site import SITE_KEY, Site
from modou.services import telling
from modou.services.access import SiteAccess
from modou.services.keys_check import are_its_keys, check_keys
from modou.services.role_editing import adopt_capabilities
from modou.store import evolve
from modou.store.places import file_place

log = logging.getLogger(__name__)

#: Several processes may start at the same moment on one new database: one of them makes the site.
_ATTEMPTS = 5


def found_site(root: Any) -> bool:
    """Put a fresh site into the database's root, unless it has one; True when it was made.

    The caller commits.
    """
    if SITE_KEY in root:
        return False
    root[SITE_KEY] = Site()
    return True


def prepare_site(
    access: SiteAccess, uri: str, new_keys: Path | None, *, evolving: bool = False
) -> None:
    """At each start: make the site when there is none, compare the keys, take note of plugins that
    are new to it.

    :param uri: of the database
    :param new_keys: the keys file, when this start made it
    :param evolving: go on although evolve steps are open
    :raises ConfigurationError: the keys file is not this site's, the database is damaged, or its
        data is older than the code
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with _readable(uri), access.database.transaction() as connection:
                root = connection.root()
                if SITE_KEY not in root:
                    _refuse_remains(uri)
                if found_site(root):
                    log.info("made a new site")
                site = root[SITE_KEY]
                if not isinstance(site, Site):
                    raise ConfigurationError(
                        f"the database {urlsplit(uri).path} holds no site that this version of "
                        "Modou can read"
                    )
                if new_keys is not None and site.canary and not are_its_keys(site, access.keys):
                    _take_back(new_keys)
                check_keys(site, access.keys)
                _greet_plugins(root, access)
                telling.greet(site, access.hooks, access.clock.seconds())
                if not evolving:
                    evolve.refuse_open_steps(root, access.assembled.evolve_steps)
            return
        except TransientError:
            if not attempts_left:
                raise


def _greet_plugins(root: Any, access: SiteAccess) -> None:
    """Begin the records of plugins that are new to the site, and give their capabilities."""
    new = evolve.welcome(
        root,
        tuple(access.hooks.plugins),
        access.assembled.evolve_steps,
        access.clock.seconds(),
    )
    if new:
        log.info("new to this site: plugin %s", ", ".join(new))
    given = adopt_capabilities(root[SITE_KEY], access.assembled)
    if given:
        log.info("default roles were given: %s", ", ".join(given))


@contextmanager
def _readable(uri: str) -> Iterator[None]:
    """Say of a database that opens but cannot be read that it is damaged."""
    # ZODB logs a traceback for what is said here in one sentence.
    loud = [logging.getLogger(name) for name in ("ZODB.Connection", "ZODB.serialize")]
    before = [logger.disabled for logger in loud]
    for logger in loud:
        logger.disabled = True
    try:
        yield
    except TransientError:
        raise
    except (POSError, pickle.UnpicklingError, EOFError) as error:
        cause = error.__cause__ or error
        why = f"{type(cause).__name__}: {cause}".rstrip(": ")
        raise ConfigurationError(
            f"the database {urlsplit(uri).path} is damaged ({why}): restore a backup"
        ) from error
    finally:
        for logger, disabled in zip(loud, before, strict=True):
            logger.disabled = disabled


def _refuse_remains(uri: str) -> None:
    """A database without a site is a new one, unless something is left of an old one.

    :raises ConfigurationError: a FileStorage lost its data, or its stored files are still there
    """
    place = file_place(uri)
    if place is None:
        return
    # FileStorage takes off what it cannot read at the end and goes on without it.
    cut = sorted(place.data.parent.glob(f"{place.data.name}.tr[0-9]*"))
    if cut:
        raise ConfigurationError(
            f"the database {place.data} was damaged and holds no site any more (what could not be "
            f"read is in {cut[-1]}): restore a backup into an empty place"
        )
    if place.blobs is not None and next(place.blobs.rglob("*.blob"), None) is not None:
        raise ConfigurationError(
            f"there are stored files in {place.blobs}, but the database {place.data} holds no "
            "site: restore a backup into an empty place"
        )


def _take_back(path: Path) -> None:
    """Remove the keys file that was made for a site which has another one already.

    :raises ConfigurationError: always
    """
    path.unlink(missing_ok=True)
    raise ConfigurationError(
        f"modou.keys: the keys file {path} is missing, and the site's data is encrypted with it: "
        "put your copy back"
    )
