"""Legal holds: what keeps evidence longer than its retention."""

from persistent import Persistent


class Hold(Persistent):
    """Nothing of a course, or of the site, may be deleted while it stands.

    - `since`: seconds UTC; `actor`: id of who placed it, 0 for a command
    """

    def __init__(self, reason: str, since: int, actor: int) -> None:
        self.reason = reason
        self.since = since
        self.actor = actor
