"""What the site holds about a person, and the copy that each may have of it (PIPL, article 45)."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from modou.declarations import PersonalData
from modou.errors import Message, TooMany
from modou.i18n import _
from modou.services.occasion import Occasion

log = logging.getLogger(__name__)

#: Copies that one person may have within so many seconds.
COPIES = 5
WINDOW = 3600


@dataclass(frozen=True, slots=True)
class Holder:
    """A plugin, and what personal data it says that it holds."""

    title: Message
    holds: tuple[PersonalData, ...]


def holders(occasion: Occasion) -> list[Holder]:
    """Those that hold any, in the order of the .ini."""
    infos = (plugin.info for plugin in occasion.hooks.plugins.values())
    return [Holder(info.title, info.personal_data) for info in infos if info.personal_data]


def moment(seconds: int) -> str | None:
    """A moment (seconds UTC) as ISO 8601; None for 0, which stands for none."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def copy_of_own(occasion: Occasion) -> dict[str, Any]:
    """Everything that the site holds about the actor, by area; plain JSON.

    An area whose plugin fails is named without its data: the others are there all the same.

    :raises TooMany: there were some just now
    """
    user = occasion.require_actor()
    tries = occasion.limits.of("privacy_copy", COPIES, WINDOW)
    if wait := tries.wait(str(user.id), occasion.now):
        raise TooMany(
            _(
                "You had some copies just now. Try again in ${minutes} minutes.",
                mapping={"minutes": -(-wait // 60)},
            ),
            wait,
        )
    tries.hit(str(user.id), occasion.now)
    areas: dict[str, Any] = {}
    for name, area in occasion.assembled.privacy_data.items():
        try:
            data = area.copy(occasion, user)
        except Exception:
            log.exception("the copy of personal data in the area %r failed", name)
            areas[name] = {"failed": True}
            continue
        if data:
            areas[name] = data
    occasion.record("privacy_copied", subject=user.id)
    return {"username": user.username, "made": moment(occasion.now), "data": areas}
