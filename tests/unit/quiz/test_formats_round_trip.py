"""What is exported comes back as it went, for every format and every type that it carries; and
what a format cannot carry is said."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modou_quiz.formats import QUESTION_FORMATS, Item, QuestionFormat
from modou_quiz.formats.extras import state
from tests.unit.quiz.contents import CONTENTS, items

pytestmark = pytest.mark.unit

#: Formats without room for what they do not know: there the report names what is lost.
_BARE = {"aiken"}


#: A file of these is an archive, written twice and read: a twentieth of a second each.
_HEAVY = {"excel", "word"}


def _examples(format: QuestionFormat, usual: int) -> int:
    return usual // 5 if format.name in _HEAVY else usual


def round_trip(format: QuestionFormat, sent: list[Item]) -> tuple[list[Item], list[Any], bytes]:
    out = io.BytesIO()
    told = list(format.write(sent, out))
    return list(format.read(io.BytesIO(out.getvalue()))), told, out.getvalue()


@pytest.mark.parametrize(
    ("format", "type"),
    [
        pytest.param(format, type, id=f"{format.name}-{type}")
        for format in QUESTION_FORMATS
        if format.writes and format.name not in _BARE
        for type in sorted(format.carries)
    ],
)
def test_it_comes_back_as_it_went(format: QuestionFormat, type: str) -> None:
    @settings(max_examples=_examples(format, 25))
    @given(items(type))
    def check(sent: Item) -> None:
        came, told, data = round_trip(format, [sent])
        if any(note.level == "error" for _item, note in told):
            # Refused aloud, nothing of it is in the file.
            assert came == []
            return
        assert len(came) == 1, data.decode("utf-8", "replace")
        assert came[0].type == type, (came[0].notes, data)
        assert state(came[0]) == state(sent), data.decode("utf-8", "replace")
        assert not [note for note in came[0].notes if note.level != "changed"]

    check()


@pytest.mark.parametrize("format", QUESTION_FORMATS, ids=lambda format: format.name)
def test_it_never_drops_a_question_in_silence(format: QuestionFormat) -> None:
    @settings(max_examples=_examples(format, 25))
    @given(st.lists(st.sampled_from(sorted(CONTENTS)).flatmap(items), max_size=3))
    def check(sent: list[Item]) -> None:
        came, told, _data = round_trip(format, sent)
        refused = {id(item) for item, note in told if note.level == "error"}
        kept = [item for item in sent if id(item) not in refused]
        assert all(item.content is not None for item in came), [i.notes for i in came]
        assert len(came) == len(kept)
        for item, back in zip(kept, came, strict=True):
            if state(back) != state(item):
                assert any(about is item for about, _note in told)

    check()
