"""What people do with answers: which ones wait for them, what each of them said, and by which keys
a quiz is graded. Times in seconds UTC.

What counts stands in the attempt itself (`Attempt.marks`). Here lies how it came about, one small
object for each attempt in which something waits for a person, so that two markers never meet on one
object unless they mark the same attempt.
"""

from typing import Any, NamedTuple

from BTrees.Length import Length
from persistent import Persistent

from modou.store.containers import Item, WideLLBTree, WideLOBTree, WideOOBTree, new_id
from modou_quiz.models.attempts import Mark

#: What a part waits for: the first marker, the second one, somebody who decides between the two;
#: "done": nobody.
STAGES = ("first", "second", "third", "done")
DONE = STAGES.index("done")


class Rule(NamedTuple):
    """By what a question is graded in one quiz, when not by the version that an attempt keeps.

    :param version: grade by the key of this version, 0: of the one that the attempt keeps
    :param void: "full": everybody gets the marks; "none": it does not count; "": neither
    """

    version: int = 0
    void: str = ""
    reason: str = ""
    actor: int = 0
    time: int = 0


class Lock(NamedTuple):
    """Somebody has a part open. `until`: when others may open it all the same."""

    user: int
    until: int


class PartWork(NamedTuple):
    """What people did with one part of one attempt.

    :param stage: one of `STAGES`
    :param said: what each marker said, in order
    """

    question: int
    stage: str = "first"
    said: tuple[Mark, ...] = ()


class MarkingWork(Item):
    """The parts of one attempt that need a person, and who has them open. Its own random id stands
    in the addresses of the queue, so that they do not tell whose attempt it is.

    :param attempt: id of the attempt
    :param user: id of the learner
    """

    def __init__(self, attempt: int, user: int) -> None:
        self.id = new_id()
        self.attempt = attempt
        self.user = user
        #: (slot, part) -> `PartWork`, and -> `Lock`. Replaced as a whole.
        self.parts: dict[tuple[int, int], PartWork] = {}
        self.locks: dict[tuple[int, int], Lock] = {}


class QuizMarking(Persistent):
    """The marking of one quiz."""

    #: Question id -> `Rule`. Replaced as a whole.
    rules: dict[int, Rule] = {}
    #: Answers that waited when the markers got their last letter about them.
    told: int = 0
    #: The newest count of its results, see `modou_quiz.services.statistics`; plain values.
    counted: Any = None
    #: (question id, place in `STAGES`) -> how many parts, as `Length`; None: nothing was put into
    #: the queue since these are kept.
    tallies: Any = None
    #: Of quizzes with many attempts: which versions of which questions these have, and what people
    #: had looked for before grading again (user id -> plain values); see
    #: `modou_quiz.services.marking.previews`.
    asked: Any = None
    previews: dict[int, Any] = {}

    def __init__(self) -> None:
        self.works = WideLOBTree()  # work id -> MarkingWork
        self.by_attempt = WideLLBTree()  # attempt id -> work id
        #: (question id, work id, slot, part) -> place in `STAGES`: the queue, without its objects.
        self.queue = WideOOBTree()
        #: Raised by each result that becomes another one.
        self.changes = Length()
        #: question id -> what of it was counted, as plain values
        self.items = WideLOBTree()

    def put(self, key: tuple[int, int, int, int], stage: int) -> None:
        """Put a part into the queue, or note how far it is.

        :param key: as in `queue`
        """
        old = self.queue.get(key)
        if old == stage:
            return
        self._tallied()
        self.queue[key] = stage
        if old is not None:
            self._tally(key[0], old, -1)
        self._tally(key[0], stage, 1)

    def take_out(self, key: tuple[int, int, int, int]) -> None:
        """Take a part out of the queue, where it is in it."""
        self._tallied()
        stage = self.queue.pop(key, None)
        if stage is not None:
            self._tally(key[0], stage, -1)

    def counts(self) -> dict[int, list[int]]:
        """Question id -> how many parts there are of each stage."""
        found: dict[int, list[int]] = {}
        if self.tallies is None:
            for key, stage in self.queue.items():
                found.setdefault(key[0], [0] * len(STAGES))[stage] += 1
            return found
        for (question, stage), number in self.tallies.items():
            found.setdefault(question, [0] * len(STAGES))[stage] += number()
        return {question: counts for question, counts in found.items() if any(counts)}

    def _tallied(self) -> None:
        if self.tallies is None:
            counts = self.counts()
            self.tallies = WideOOBTree()
            for question, of_stages in counts.items():
                for stage, number in enumerate(of_stages):
                    self._tally(question, stage, number)

    def _tally(self, question: int, stage: int, by: int) -> None:
        length = self.tallies.get((question, stage))
        if length is None:
            length = self.tallies[question, stage] = Length()
        length.change(by)
