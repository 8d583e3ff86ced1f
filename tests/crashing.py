"""A process that commits as fast as it can until it is killed, and says what was acknowledged.

    python -m tests.crashing URI KEYS FIRST COUNT

Writers FIRST … (COUNT of them) count 1, 2, 3 … : each number is a change and an event,
by `SiteAccess.together`. After the answer, and not before, "writer number" is printed. What was
refused is tried again, the same number: the work looks whether it was done already, as a beat does.
"at writer number" is printed at the start: what an earlier process has brought it to, answered or
not.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from persistent.mapping import PersistentMapping

from modou.app import open_site
from modou.errors import Unavailable
from modou.services.occasion import Occasion

#: Any kind that takes a number.
KIND = "participants_exported"


def counter_of(occasion: Occasion, writer: int) -> Any:
    """The writer's own object, made when there is none."""
    counters = occasion.site.plugin_data("crashing")
    if str(writer) not in counters:
        counters[str(writer)] = PersistentMapping(number=0)
    return counters[str(writer)]


def count_to(number: int, writer: int) -> Any:
    """A work: write down that `writer` has come to `number`."""

    def work(occasion: Occasion) -> int:
        counter = counter_of(occasion, writer)
        if counter["number"] >= number:
            return counter["number"]
        counter["number"] = number
        occasion.record(KIND, subject=writer + 1, values={"count": number})
        return number

    return work


def settings_of(uri: str, keys: str) -> dict[str, str]:
    return {"zodbconn.uri": uri, "modou.keys": keys, "modou.mail": "console"}


def main() -> None:
    uri, keys = sys.argv[1:3]
    first, count = map(int, sys.argv[3:])
    access = open_site(settings_of(uri, keys))
    # Whoever held the rest of a line when the process before was killed, begins anew.
    say = threading.Lock()

    def write(writer: int) -> None:
        number = access.together(lambda occasion: counter_of(occasion, writer)["number"])
        with say:
            os.write(1, f"at {writer} {number}\n".encode())
        while True:
            number += 1
            while True:
                try:
                    access.together(count_to(number, writer))
                    break
                except Unavailable:
                    with say:
                        os.write(1, b"refused\n")
                    threading.Event().wait(0.02)
            with say:
                os.write(1, f"{writer} {number}\n".encode())

    for writer in range(first, first + count):
        threading.Thread(target=write, args=(writer,), daemon=True).start()
    # The one who started us closes our input, or kills us.
    sys.stdin.read()
    access.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
