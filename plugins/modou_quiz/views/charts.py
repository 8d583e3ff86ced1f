"""Charts as values for `templates/marking/_charts.jinja2`: SVG without a size of its own, in the
theme's colours, and the numbers as a table for who does not see it."""

from collections.abc import Sequence
from typing import NamedTuple

#: Units of the drawing; it is stretched to its place.
WIDTH, HEIGHT = 1000, 100
_GAP = 0.12


class Bar(NamedTuple):
    """A bar and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    value: int
    label: str
    last: bool


class Chart(NamedTuple):
    """A bar chart. `mark`: where a dashed line stands (the mean), None: nowhere."""

    bars: list[Bar]
    ticks: list[str]
    mark: float | None
    total: int


def bars(
    counts: Sequence[int],
    labels: Sequence[str],
    ticks: Sequence[str],
    mark: float | None = None,
    *,
    open_end: bool = False,
) -> Chart:
    """Bars side by side.

    :param mark: a place on the axis, 0 to 1
    :param open_end: the last bar takes everything beyond
    """
    step = WIDTH / len(counts)
    top = max(counts) or 1
    made = []
    for number, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = round(count / top * HEIGHT, 2)
        made.append(
            Bar(
                round(step * (number + _GAP / 2), 2),
                round(HEIGHT - height, 2),
                round(step * (1 - _GAP), 2),
                height,
                count,
                label,
                open_end and number == len(counts) - 1,
            )
        )
    place = None if mark is None else round(min(1.0, max(0.0, mark)) * WIDTH, 2)
    return Chart(made, list(ticks), place, sum(counts))


def share_bar(share: float) -> float:
    """Length of a bar for a share, in units of `WIDTH`."""
    return round(min(1.0, max(0.0, share)) * WIDTH, 2)
