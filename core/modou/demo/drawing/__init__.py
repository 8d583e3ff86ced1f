"""The demonstration's pictures, drawn when it is filled: no picture files to keep or to license.

Content files name a drawing as ``![what it shows](drawing:name)``; `DRAWINGS` has all names.
"""

from collections.abc import Callable
from typing import Final

from modou.demo.drawing import (
    basics,
    covers,
    instruments,
    lighting,
    motors,
    networks,
    rescue,
    switchgear,
    trades,
)

#: Name -> what draws it; each gives a PNG file.
DRAWINGS: Final[dict[str, Callable[[], bytes]]] = {
    name.replace("_", "-"): function
    for room in (
        basics,
        networks,
        rescue,
        instruments,
        switchgear,
        motors,
        lighting,
        trades,
        covers,
    )
    for name, function in room.DRAWINGS.items()
}


def draw(name: str) -> bytes:
    """The picture of that name, as a PNG file.

    :raises KeyError: there is none
    """
    return DRAWINGS[name]()
