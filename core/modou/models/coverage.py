"""Which seconds of a lesson were watched: sets of whole seconds, as flat tuples of integers.

A *cover* is ``(a0, b0, a1, b1, …)``: the half-open intervals [a0, b0), [a1, b1), … in order, none
empty, no two touching. Cell k is the lesson's second [k, k + 1). Tuples of small integers are
stored in a few bytes, and everything here is pure, so that an auditor can compute it again.
"""

from collections.abc import Iterable, Iterator, Sequence

Cover = tuple[int, ...]
EMPTY: Cover = ()


def pieces(cover: Cover) -> Iterator[tuple[int, int]]:
    """The intervals [a, b), in order."""
    return zip(cover[::2], cover[1::2], strict=True)


def size(cover: Cover) -> int:
    """How many cells are in it."""
    return sum(cover[1::2]) - sum(cover[::2])


def joined(intervals: Iterable[tuple[int, int]]) -> Cover:
    """The union of intervals [a, b) in any order; empty and backward ones count for nothing."""
    made: list[int] = []
    for a, b in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if made and a <= made[-1]:
            made[-1] = max(made[-1], b)
        else:
            made += (a, b)
    return tuple(made)


def union(one: Cover, other: Cover) -> Cover:
    """The cells of either."""
    if not one or not other:
        return one or other
    # Nearly always a lesson goes on where it stopped.
    if len(other) == 2 and one[-2] <= other[0] <= one[-1]:
        return one if other[1] <= one[-1] else (*one[:-1], other[1])
    return joined([*pieces(one), *pieces(other)])


def without(one: Cover, other: Cover) -> Cover:
    """The cells of `one` that are not in `other`."""
    if not one or not other or other[-1] <= one[0] or one[-1] <= other[0]:
        return one
    left: list[int] = []
    for a, b in pieces(one):
        for c, d in pieces(other):
            if d <= a:
                continue
            if c >= b:
                break
            if a < c:
                left += (a, c)
            a = d
            if a >= b:
                break
        if a < b:
            left += (a, b)
    return tuple(left)


def common(one: Cover, other: Cover) -> Cover:
    """The cells of both."""
    return without(one, without(one, other))


def prefix(cover: Cover, cells: int) -> Cover:
    """The first `cells` cells of it."""
    if cells <= 0:
        return EMPTY
    made: list[int] = []
    for a, b in pieces(cover):
        if b - a >= cells:
            return (*made, a, a + cells)
        made += (a, b)
        cells -= b - a
    return tuple(made)


def frontier(cover: Cover, leap: int) -> int:
    """How far somebody got from the beginning, passing over gaps of at most `leap` cells."""
    end = 0
    for a, b in pieces(cover):
        if a > end + leap:
            break
        end = b
    return end


def widest_gap(cover: Cover, length: int) -> int:
    """The most cells in a row that are missing in [0, length)."""
    widest = at = 0
    for a, b in pieces(cover):
        widest = max(widest, min(a, length) - at)
        at = max(at, min(b, length))
    return max(widest, length - at)


def as_pairs(cover: Cover) -> list[list[int]]:
    """As JSON has it: [[a, b], …]."""
    return [[a, b] for a, b in pieces(cover)]


def from_pairs(intervals: Iterable[Sequence[int]]) -> Cover:
    """What `as_pairs` gives, as a cover."""
    return joined((int(a), int(b)) for a, b in intervals)
