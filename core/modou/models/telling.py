"""How far each plugin has been told what happened."""

from collections.abc import Mapping

from persistent import Persistent


class TellingCursor(Persistent):
    """One plugin's place in the journal; an object of its own, so that nobody else writes it.

    - `seen`: log -> number of its last batch that the plugin was told of
    - `until`: time of the newest batch that it was told of, UTC microseconds
    - `since`: when the plugin was first enabled, seconds UTC; it is told nothing older
    - `told`: events that it was told, in all
    - `moves`: how often it was moved on
    - `worker`, `beat`: the process that tells it, and when it last did (seconds UTC)
    """

    def __init__(self, seen: Mapping[str, int], since: int) -> None:
        self.seen = dict(seen)
        self.until = since * 1_000_000
        self.since = since
        self.told = 0
        self.moves = 0
        self.worker = ""
        self.beat = 0
