"""Containers for many persistent objects, made so that writers do not meet.

Keys are random 62-bit integers: sequential keys make every writer split the same leaf. Leaves are
large (500): a split is a conflict that cannot be resolved, and values that are persistent cost
only a reference. `len()` of a BTree walks all of it, so a `Folder` keeps a `Length`, which resolves
conflicts by itself.

In URLs a key is 13 characters of Crockford's base 32::

    encode_id(1234567890123456789) == '1298wv0hwgg0n'   # lower case, no i l o u
"""

import secrets
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {c: i for i, c in enumerate(_ALPHABET)}
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
ID_BITS = 62


def new_id() -> int:
    """A random 62-bit key, never 0."""
    return secrets.randbits(ID_BITS) or 1


def encode_id(key: int) -> str:
    """The 13 characters that stand for `key` in URLs and exports."""
    # Written out, since a page has hundreds of addresses.
    return (
        f"{_ALPHABET[key >> 60 & 31]}{_PAIRS[key >> 50 & 1023]}{_PAIRS[key >> 40 & 1023]}"
        f"{_PAIRS[key >> 30 & 1023]}{_PAIRS[key >> 20 & 1023]}{_PAIRS[key >> 10 & 1023]}"
        f"{_PAIRS[key & 1023]}"
    )


def decode_id(text: str) -> int:
    """The key behind `text`.

    :raises KeyError: when `text` is not what `encode_id` gives
    """
    if len(text) != 13:
        raise KeyError(text)
    key = 0
    for char in text:
        key = key << 5 | _VALUES[char]
    if key >> ID_BITS:
        raise KeyError(text)
    return key


class WideLOBTree(LOBTree):
    """An integer-keyed tree of persistent values with wide leaves."""

    max_leaf_size = 500
    max_internal_size = 500


class WideLLBTree(LLBTree):
    """An integer-keyed tree of integers with wide leaves."""

    max_leaf_size = 500
    max_internal_size = 500


class NarrowLOBTree(LOBTree):
    """An integer-keyed tree that thousands add to within a minute: each of them rewrites a leaf,
    which all others then load again."""

    max_leaf_size = 40
    max_internal_size = 500


class NarrowLLBTree(LLBTree):
    """As `NarrowLOBTree`, of integers."""

    max_leaf_size = 80
    max_internal_size = 500


class WideOOBTree(OOBTree):
    """An object-keyed tree with wide leaves, for indexes that many write."""

    max_leaf_size = 250
    max_internal_size = 250


class Item(Persistent):
    """What a `Folder` holds: knows its key and its parent."""

    id: int = 0
    __parent__: Any = None

    @property
    def key(self) -> str:
        """The id as it stands in URLs."""
        return encode_id(self.id)

    @property
    def __name__(self) -> str:
        return encode_id(self.id)


T = TypeVar("T", bound=Item)


class Folder(Persistent, Generic[T]):
    """Persistent objects by random id; a traversal node (`folder["1298wv0hwgg0n"]`)."""

    __name__: str = ""

    def __init__(self, name: str = "", parent: Any = None) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self._items = WideLOBTree()
        self._length = Length()

    def add(self, item: T, id: int | None = None) -> T:
        """Take `item` in under a fresh random id (or `id`) and return it.

        :raises ValueError: when `id` is taken
        """
        if id is None:
            id = new_id()
            while id in self._items:
                id = new_id()
        elif id in self._items:
            raise ValueError(f"id {id} is taken")
        item.id = id
        item.__parent__ = self
        self._items[id] = item
        self._length.change(1)
        return item

    def remove(self, id: int) -> T:
        """Take the item out and return it.

        :raises KeyError: when there is none
        """
        item = cast(T, self._items.pop(id))
        self._length.change(-1)
        return item

    def get(self, id: int) -> T | None:
        return cast("T | None", self._items.get(id))

    def by_id(self, id: int) -> T:
        """:raises KeyError: when there is none"""
        return cast(T, self._items[id])

    def __getitem__(self, key: str) -> T:
        return cast(T, self._items[decode_id(key)])

    def __contains__(self, id: object) -> bool:
        return id in self._items

    def __len__(self) -> int:
        return int(self._length())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def ids(self) -> Iterator[int]:
        return iter(self._items.keys())

    def items(self, start: int | None = None) -> Iterator[tuple[int, T]]:
        """Pairs of id and item in the order of the ids, from `start` on."""
        return iter(self._items.items(start))

    def setdefault(self, id: int, make: Callable[[], T]) -> T:
        """The item under `id`, made by `make` and taken in when there was none."""
        found = self.get(id)
        return found if found is not None else self.add(make(), id)
