"""What is kept of many remarks on one question of a file."""

from modou_quiz.formats import Note
from modou_quiz.services.interchange.reading import MOST_NOTES, told


def test_the_worst_remarks_are_kept_and_the_others_counted() -> None:
    few = [Note("changed", "甲", 1)] * MOST_NOTES
    assert told(few, 1) is few
    many = [Note("changed", f"小 {n}", n) for n in range(50)]
    many += [Note("error", f"大 {n}", n) for n in range(3)]
    kept = told(many, 7)
    assert len(kept) == MOST_NOTES
    assert [note.message for note in kept[-4:-1]] == ["大 0", "大 1", "大 2"]
    assert kept[-1].line == 7
    assert kept[-1].level == "changed"
    assert kept[-1].message.interpolate() == "24 more remarks on this question are left out."
