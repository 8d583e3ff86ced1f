"""Is the keys file the one of this site? Asked at each start, before anybody writes with it.

The site keeps a *canary*: the fingerprint of a fixed text, encrypted. Another key does not open it,
another index line gives another fingerprint.
"""

import hmac

from modou.errors import ConfigurationError
from modou.models.site import Site
from modou.store.vault import Keyring, VaultError

_CONTEXT = b"site:canary"


def put_canary(site: Site, keys: Keyring) -> None:
    """Encrypt the canary with the current key."""
    site.canary = keys.encrypt(_mark(keys), _CONTEXT)


def problem(site: Site, keys: Keyring) -> str | None:
    """Why these keys are not the site's; None when they are, or when there is no canary yet."""
    if not site.canary:
        return None
    try:
        if hmac.compare_digest(keys.decrypt(site.canary, _CONTEXT), _mark(keys)):
            return None
    except VaultError as error:
        return f"the keys file is not the one of this site: {error}"
    return "the keys file is not the one of this site: its index line differs"


def are_its_keys(site: Site, keys: Keyring) -> bool:
    """Whether these keys are known to be the site's."""
    return bool(site.canary) and problem(site, keys) is None


def check_keys(site: Site, keys: Keyring) -> None:
    """Refuse another site's keys; make the canary of a new site.

    :raises ConfigurationError: they are not this site's
    """
    wrong = problem(site, keys)
    if wrong:
        raise ConfigurationError(f"modou.keys: {wrong}")
    if not site.canary:
        put_canary(site, keys)


def reencrypt(site: Site, keys: Keyring) -> None:
    """After a rotation: encrypt the canary anew, so that the older key can go."""
    if site.canary and keys.needs_rotation(site.canary):
        put_canary(site, keys)


def _mark(keys: Keyring) -> str:
    return keys.fingerprint("whose keys are these", "canary").hex()
