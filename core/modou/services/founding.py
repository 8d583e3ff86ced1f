"""Making a new site in an empty database."""

from typing import Any

from modou.models.site import SITE_KEY, Site


def found_site(root: Any) -> bool:
    """Put a fresh site into the database's root, unless it has one; True when it was made.

    The caller commits.
    """
    if SITE_KEY in root:
        return False
    root[SITE_KEY] = Site()
    return True
