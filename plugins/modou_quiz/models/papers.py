"""Papers (试卷): which questions a quiz asks, fixed or drawn at random from a blueprint. Plain
frozen values within a `Quiz`."""

from typing import NamedTuple


class Fixed(NamedTuple):
    """A question that everybody gets.

    :param version: 0: the latest when an attempt begins
    :param marks: None: what the question says
    """

    question: int
    version: int = 0
    marks: float | None = None


class Draw(NamedTuple):
    """Questions drawn at random: a line of a blueprint (组卷细目). Empty: whatever.

    :param categories: ids; `below`: also what lies below them
    :param difficulties: 1 to 5
    :param tags: all of them are asked for
    :param marks: for each; None: what the question says
    """

    number: int
    categories: tuple[int, ...] = ()
    below: bool = True
    types: tuple[str, ...] = ()
    difficulties: tuple[int, ...] = ()
    points: tuple[str, ...] = ()
    syllabus: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    marks: float | None = None


class PaperSection(NamedTuple):
    """A part of a paper (大题), in order. `text`: plain, shown below the title."""

    title: str
    items: tuple[Fixed | Draw, ...] = ()
    text: str = ""
    shuffle: bool = False


class Paper(NamedTuple):
    """The parts of a paper, in order.

    :param most_overlap: how many per cent of the questions two learners should share at most;
        0: whatever chance brings
    """

    sections: tuple[PaperSection, ...] = ()
    most_overlap: int = 0
