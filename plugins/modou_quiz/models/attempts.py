"""Attempts: what one learner did in one sitting of a quiz. Times in seconds UTC, but where they
are called `..._ms`: milliseconds UTC.

An attempt is one small object that changes seldom; its answers lie in an object of their own,
which each saved answer rewrites, and long texts in objects of their own again.
"""

from typing import Any, NamedTuple

from BTrees.Length import Length
from persistent import Persistent

from modou.store.containers import Item, NarrowLLBTree, NarrowLOBTree

#: "open", "handed_in" (some part waits for a person), "graded", "void" (taken back, with a reason).
STATES = ("open", "handed_in", "graded", "void")


class Slot(NamedTuple):
    """A question's place in an attempt, in the order in which it is asked.

    :param version: number of the version that this attempt keeps
    :param marks: what it is worth here; 0 for what takes no answer
    :param section: place of the paper's section
    :param arrangement: what chance decided (see `modou_quiz.types`)
    """

    question: int
    version: int
    marks: float
    section: int = 0
    arrangement: Any = None


class Try(NamedTuple):
    """An answer that its learner had checked, as it was then.

    :param response, seq: as in `Given`
    :param time_ms: when it was checked
    """

    response: Any
    seq: int
    time_ms: int


class Given(NamedTuple):
    """The newest answer in a slot.

    :param response: plain JSON; `LongText` objects stand for long texts
    :param seq: number of the save that brought it
    :param time_ms: when the server took it
    :param flagged: the learner wants to come back to it
    :param checked: the learner has seen whether it is right (practice): it stays as it is
    :param tries: the answers that were checked so far, the first one first
    """

    response: Any
    seq: int
    time_ms: int
    flagged: bool = False
    checked: bool = False
    tries: tuple[Try, ...] = ()


class LongText(Persistent):
    """A text too long to be rewritten with each other answer."""

    def __init__(self, text: str) -> None:
        self.text = text


class Answers(Persistent):
    """The answers of an attempt: slot -> `Given`. Written by one learner only."""

    #: Number of the newest save.
    seq: int = 0
    #: Ids of all files that were ever sent, also of those whose place others have taken.
    files: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.given: dict[int, Given] = {}


class Mark(NamedTuple):
    """What a part of a slot came to. By the machine (`marker` 0) or a person.

    :param fraction: 0 to 1 (below 0 where wrong answers cost marks)
    :param rubric: criterion -> level, where there is a rubric
    :param notes: remarks on places of the text: (from, to, words)
    :param files: ids of stored files that the marker gave
    """

    fraction: float
    marker: int
    time: int
    comment: str = ""
    rubric: tuple[tuple[str, int], ...] = ()
    notes: tuple[tuple[int, int, str], ...] = ()
    files: tuple[int, ...] = ()


class Before(NamedTuple):
    """What an attempt had come to before something replaced it.

    :param marks: as `Attempt.marks`
    :param action: "regrade", "reopen", "void", "restore"
    :param actor: id of the user who did so
    """

    marks: dict[tuple[int, int], Mark]
    earned: tuple[float | None, ...]
    score: float | None
    most: float
    state: str
    action: str
    reason: str
    actor: int
    time: int


class Attempt(Item):
    """See the module's docstring.

    :param quiz: id of the activity
    :param user: id of the learner
    :param number: 1 for the learner's first
    """

    state: str = "open"
    started: int = 0
    #: When it is handed in by itself, 0: never.
    deadline: int = 0
    handed_in: int = 0
    #: "learner", "time", "left" (the page was left too often), "person", "closed", "idle" (without
    #: an end, and nothing was answered for long)
    handed_in_by: str = ""
    revision: int = 0
    slots: tuple[Slot, ...] = ()
    #: Titles of the paper's sections.
    sections: tuple[str, ...] = ()
    #: Raised by each page that takes the attempt: only the newest one writes.
    writer: int = 0
    #: The name of that page, see `modou_quiz.services.sitting.pages`.
    page: int = 0
    #: Key of the signed-in browser in which it was begun, or went on: others have to ask.
    login: bytes = b""
    #: The slot that begins the newest page of a quiz without a way back.
    reached: int = 0
    leaves: int = 0
    #: (slot, part) -> `Mark` that counts; see `modou_quiz.services.marking`.
    marks: dict[tuple[int, int], Mark] = {}
    #: What `marks` come to, slot by slot, None where a person has to say; empty: not graded yet.
    earned: tuple[float | None, ...] = ()
    #: Their sum; None while something waits for a person.
    score: float | None = None
    #: Marks that could be reached.
    most: float = 0.0
    #: What stood here before, with why it was replaced (`Before`), the oldest first.
    history: tuple[Any, ...] = ()
    preview: bool = False

    def __init__(self, quiz: int, user: int, number: int) -> None:
        self.quiz = quiz
        self.user = user
        self.number = number
        self.answers = Answers()


class QuizAttempts(Persistent):
    """All attempts of one quiz."""

    #: Ids of those that are previews: few, one of each who edits the quiz. Replaced as a whole.
    previews: frozenset[int] = frozenset()

    def __init__(self) -> None:
        self.by_id = NarrowLOBTree()  # attempt id -> Attempt
        #: user id -> the learner's attempts in order, as a tuple of ids
        self.by_user = NarrowLOBTree()
        #: attempt id -> when it ends by itself, of those that are open; 0: it has no end
        self.deadlines = NarrowLLBTree()
        self.count = Length()
