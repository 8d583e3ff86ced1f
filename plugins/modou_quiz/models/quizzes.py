"""A quiz: what an activity of the type "quiz" holds. Class attributes are the defaults of what is
not set. Times in seconds UTC, lengths in seconds; 0: none, unless it is said otherwise."""

from typing import Any, NamedTuple

from persistent import Persistent

from modou_quiz.models.papers import Paper

#: Practice, test of a chapter (随堂), mid-term (阶段), final (结业).
KINDS = ("practice", "chapter", "midterm", "final")
#: Which attempt counts.
GRADE_BY = ("best", "last", "average", "first")
#: What is said while it is sat: nothing; each answer can be checked once, and stays then; it can be
#: tried again, with hints, for fewer marks. Exams say nothing.
INSTANT = ("off", "once", "tries")
#: The kinds that may say something.
TOLD = ("practice", "chapter")
#: When something is shown: while it is sat (practice: after each answer), right after hand-in,
#: later while the quiz is open, after it has closed.
MOMENTS = ("during", "after", "later", "closed")
#: What a review may show: what was answered, whether it was right, marks, feedback, right answers.
SHOWN = ("response", "correct", "marks", "feedback", "right")


class Allowance(NamedTuple):
    """What is different for one learner.

    :param extra: seconds more than the time limit
    :param attempts: more than the quiz's number
    :param opens, closes: instead of the quiz's; 0: as the quiz
    :param why: in words, for those who read it later
    """

    extra: int = 0
    attempts: int = 0
    opens: int = 0
    closes: int = 0
    why: str = ""


class Quiz(Persistent):
    """See the module's docstring.

    :param course: id of the course
    """

    kind: str = "chapter"
    intro: str = ""
    paper: Paper = Paper()
    #: Raised by each change of the paper or of a rule; attempts note which one they were begun by.
    revision: int = 0

    opens: int = 0
    closes: int = 0
    time_limit: int = 0
    #: Seconds after the start before which it is not handed in.
    stay: int = 0
    #: Attempts allowed, 0 without limit; seconds between two of them.
    attempts: int = 1
    delay: int = 0
    grade_by: str = "best"
    shuffle_questions: bool = False
    shuffle_options: bool = True
    #: Questions on a page, 0: all on one; `sequential`: no way back.
    per_page: int = 0
    sequential: bool = False
    #: (moment, what is shown): pairs of `MOMENTS` and `SHOWN`.
    review: frozenset[tuple[str, str]] = frozenset(
        (moment, what) for moment in ("after", "later", "closed") for what in SHOWN
    )
    #: One of `INSTANT`; what is told then says `review` for the moment "during".
    instant: str = "once"
    #: Tries at each question, 0: one more than it has hints.
    tries: int = 0
    password: str = ""
    #: Networks as "10.0.0.0/8"; empty: from everywhere.
    networks: tuple[str, ...] = ()
    #: Ids of cohorts; empty: everybody in the course.
    cohorts: tuple[int, ...] = ()
    #: Ids of users: only they may sit it (补考名单); empty: everybody.
    only: tuple[int, ...] = ()
    #: Times that the page may be left before the attempt is handed in; 0: it is only counted.
    most_leaves: int = 0
    #: Marking: learners' names are hidden; essays are marked by two people.
    anonymous: bool = False
    second_marker: bool = False
    #: With two markers: by how much of an answer's marks (0 to 1) they may differ before somebody
    #: else decides.
    tolerance: float = 0.1
    #: User id -> `Allowance`. Replaced as a whole.
    exceptions: dict[int, Any] = {}
    created: int = 0
    modified: int = 0

    def __init__(self, course: int) -> None:
        self.course = course
