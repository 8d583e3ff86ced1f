"""How responses are stored: long texts in objects of their own, so that they are not written again
with each other answer of the attempt."""

import hashlib
import json
from typing import Any

from modou_quiz.models.attempts import LongText

#: Characters from which a text lies in an object of its own, and stands in the journal as digest.
LONG = 500
#: Characters of a response, as JSON, that the journal keeps as it is.
_BRIEF = 2_000


def packed(response: Any, before: Any) -> Any:
    """A response as it is stored.

    :param before: what is stored in its place now: texts that did not change stay where they are
    """
    if isinstance(response, str):
        if len(response) < LONG:
            return response
        if isinstance(before, LongText):
            if before.text != response:
                before.text = response
            return before
        return LongText(response)
    if isinstance(response, dict):
        old = before if isinstance(before, dict) else {}
        return {name: packed(value, old.get(name)) for name, value in response.items()}
    if isinstance(response, list):
        old_list = before if isinstance(before, list) else []
        return [
            packed(value, old_list[place] if place < len(old_list) else None)
            for place, value in enumerate(response)
        ]
    return response


def unpacked(stored: Any) -> Any:
    """A stored response as it was given."""
    if isinstance(stored, LongText):
        return stored.text
    if isinstance(stored, dict):
        return {name: unpacked(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [unpacked(value) for value in stored]
    return stored


def journalled(response: Any) -> dict[str, Any]:
    """What the journal keeps of a response: the response, or the SHA-256 digest of its JSON (keys
    in order, no spaces, UTF-8) when it is long."""
    if response is None or isinstance(response, int | float | bool):
        return {"response": response}
    text = canonical(response)
    if len(text) <= _BRIEF and not _has_long(response):
        return {"response": response}
    return {"digest": hashlib.sha256(text.encode()).hexdigest()}


def canonical(response: Any) -> str:
    return json.dumps(response, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _has_long(response: Any) -> bool:
    if isinstance(response, str):
        return len(response) >= LONG
    if isinstance(response, dict):
        return any(map(_has_long, response.values()))
    if isinstance(response, list):
        return any(map(_has_long, response))
    return False
