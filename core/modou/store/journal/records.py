"""The canonical text of events, which digests are made of."""

import json

from modou.declarations import Event

#: Bytes of each leaf's digest that are kept, so that the altered event itself can be named.
MARK = 8


def encode(event: Event) -> bytes:
    """The canonical text of an event: a JSON list, keys sorted, no blanks, UTF-8."""
    values = (event.time, event.kind, event.actor, event.subject, event.course, event.values)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def decode(record: bytes) -> Event:
    """The event behind its canonical text."""
    time, kind, actor, subject, course, values = json.loads(record)
    return Event(kind, time, actor, subject, course, values)


def kind_of(record: bytes) -> str:
    """The kind of the event behind its canonical text, without reading all of it."""
    start = record.index(b'"') + 1
    return record[start : record.index(b'"', start)].decode()
