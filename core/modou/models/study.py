"""Study time: what learners covered, what was credited, and the sessions in which they did it.

::

    site.study                       Study, made when first needed (`study_of`)
      .live                          user id -> StudySession; one learner, one live session
      .learners                      user id -> LearnerStudy: what outlives a session
      .papers                        course id -> CoursePapers: corrections and appeals
    enrolment.study                  EnrolmentStudy, made with the first session
      .activities                    activity id -> ActivityStudy: coverage and credit
      .sessions                      session id -> StudySession

A beat writes two small objects: the session and the activity's record. What belongs to the learner
as a whole (`Meter`) travels with the live session and goes back when it ends; totals of an
enrolment are kept for the sessions that have ended.

Seconds are whole; moments are milliseconds UTC unless stated. Nothing here is ever taken back but
held credit; what was confirmed is only changed by a `Correction`.
"""

from typing import Any, NamedTuple

from persistent import Persistent
from persistent.list import PersistentList

from modou.models.coverage import (
    EMPTY,
    Cover,
    common,
    size,
    union,
    widest_gap,
    without,
)
from modou.store.containers import WideLOBTree, encode_id, new_id

#: Cells that may be missing in a row in a lesson that is complete.
LARGEST_GAP = 5
#: How many ended sessions of a learner are remembered by how they ended.
RECENT = 12


class Meter(NamedTuple):
    """The time of one learner, over all courses and devices.

    :param last: the moment of the last beat
    :param carry: milliseconds before it that were not used
    :param days: (day, seconds) credited on the two newest days, see `crediting.day_of`
    :param stretch: seconds credited since the last rest
    :param studied_to: the last moment that brought credit
    :param rest_until: the end of the rest that is due, 0 for none
    """

    last: int = 0
    carry: int = 0
    days: tuple[tuple[int, int], ...] = ()
    stretch: int = 0
    studied_to: int = 0
    rest_until: int = 0

    def on(self, day: int) -> int:
        """Seconds credited on a day; 0 for days long past."""
        for known, seconds in self.days:
            if known == day:
                return seconds
        return 0

    def begin(self, now: int) -> "Meter":
        """For a player that opens now: time begins to count here."""
        return self._replace(last=max(self.last, now), carry=0)

    def after(self, last: int, carry: int, given: int, shares: list[tuple[int, int]]) -> "Meter":
        """After a beat that brought `given` seconds, by days in `shares`."""
        if not given:
            return self._replace(last=last, carry=carry)
        days = dict(self.days)
        for day, seconds in shares:
            days[day] = days.get(day, 0) + seconds
        return Meter(
            last,
            carry,
            tuple(sorted(days.items())[-2:]),
            self.stretch + given,
            last,
            self.rest_until,
        )

    def less(self, shares: tuple[tuple[int, int], ...]) -> "Meter":
        """Without what was voided: it does not use up the day."""
        taken = dict(shares)
        return self._replace(
            days=tuple((day, max(0, n - taken.get(day, 0))) for day, n in self.days)
        )


class Held(NamedTuple):
    """Credit that waits for gates. `days`: (day, seconds); `cells`: what it covers."""

    session: int
    gates: tuple[str, ...]
    version: str
    seconds: int
    days: tuple[tuple[int, int], ...]
    cells: Cover


class Void(NamedTuple):
    """Held credit that was taken back. `moment`: milliseconds; `restored`: by a correction."""

    id: int
    moment: int
    session: int
    gate: str
    reason: str
    seconds: int
    version: str
    cells: Cover
    restored: bool = False

    @property
    def key(self) -> str:
        """The id as it stands in URLs."""
        return encode_id(self.id)


class Gate(NamedTuple):
    """What is known of one gate and one learner.

    :param since: seconds credited since its last pass (or from the beginning)
    :param at_end: what becomes of what it holds when a session ends: "confirm", "keep", "void"
    :param memo: what the plugin wants to know at the next beat; small and plain
    :param failing: whether it has failed since its last pass
    """

    since: int = 0
    at_end: str = "confirm"
    memo: Any = None
    passed: int = 0
    failed: int = 0
    failing: bool = False


class OpenChallenge(NamedTuple):
    """A question that waits for an answer. `seconds`: as the learner was told."""

    id: str
    gate: str
    kind: str
    seconds: int
    issued: int
    deadline: int
    data: Any


class ActivityStudy(Persistent):
    """One learner and one activity: what is covered and credited. `first`, `last`: seconds UTC."""

    #: The newest version of the timeline that was studied, and its length in seconds.
    version: str = ""
    length: int = 0
    credited: int = 0
    voided: int = 0
    corrected: int = 0
    held: tuple[Held, ...] = ()
    #: Apart, since they may become many and a beat writes the record anew.
    _voids: PersistentList | None = None
    #: Where to go on, in the newest version.
    position: int = 0
    first: int = 0
    last: int = 0
    #: Seconds UTC when the newest version was complete, 0 while it is not.
    completed: int = 0
    #: Why claimed cells did not count -> how many.
    refused: dict[str, int] = {}

    def __init__(self, activity_id: int) -> None:
        self.activity_id = activity_id
        #: Version -> what is covered of it, held cells included.
        self.covers: dict[str, Cover] = {}

    @property
    def covered(self) -> Cover:
        """What is covered of the newest version."""
        return self.covers.get(self.version, EMPTY)

    @property
    def voids(self) -> tuple[Void, ...]:
        """What was taken back, oldest first."""
        return tuple(self._voids or ())

    @property
    def held_seconds(self) -> int:
        return sum(held.seconds for held in self.held)

    @property
    def whole(self) -> bool:
        """Whether the newest version is covered, but for small gaps."""
        return self.length > 0 and widest_gap(self.covered, self.length) <= LARGEST_GAP

    def turn_to(self, version: str, length: int) -> bool:
        """Go on with a version of the timeline; whether it is another one than before."""
        if self.version == version and self.length == length:
            return False
        changed = self.version != version
        self.version, self.length = version, length
        if changed:
            self.position = self.completed = 0
        return changed

    def cover(self, version: str, cells: Cover) -> None:
        self.covers = {**self.covers, version: union(self.covers.get(version, EMPTY), cells)}

    def refuse(self, cells: dict[str, int]) -> None:
        """Note why cells did not count."""
        if cells:
            self.refused = {
                **self.refused,
                **{why: self.refused.get(why, 0) + n for why, n in cells.items()},
            }

    def credit(self, version: str, cells: Cover, seconds: int) -> None:
        """Credit for good."""
        self.cover(version, cells)
        self.credited += seconds

    def hold(self, new: Held) -> None:
        """Credit under reserve."""
        self.cover(new.version, new.cells)
        last = self.held[-1] if self.held else None
        if last is not None and last[:3] == new[:3]:
            days = dict(last.days)
            for day, seconds in new.days:
                days[day] = days.get(day, 0) + seconds
            new = new._replace(
                seconds=last.seconds + new.seconds,
                days=tuple(days.items()),
                cells=union(last.cells, new.cells),
            )
            self.held = (*self.held[:-1], new)
        else:
            self.held = (*self.held, new)

    def release(self, session: int, gates: frozenset[str]) -> int:
        """These gates have passed: what waits for no other one is credited; how many seconds."""
        confirmed = 0
        left = []
        for held in self.held:
            waiting = tuple(gate for gate in held.gates if gate not in gates)
            if held.session != session or waiting == held.gates:
                left.append(held)
            elif waiting:
                left.append(held._replace(gates=waiting))
            else:
                confirmed += held.seconds
        if confirmed or len(left) != len(self.held) or tuple(left) != self.held:
            self.held = tuple(left)
            self.credited += confirmed
        return confirmed

    def void(self, session: int, gate: str, reason: str, moment: int) -> list[Held]:
        """Take back what waits for `gate`, with its coverage; what it was."""
        gone = [h for h in self.held if h.session == session and gate in h.gates]
        if not gone:
            return []
        self.held = tuple(h for h in self.held if h not in gone)
        for held in gone:
            self.covers = {
                **self.covers,
                held.version: without(self.covers.get(held.version, EMPTY), held.cells),
            }
            self.voided += held.seconds
            if self._voids is None:
                self._voids = PersistentList()
            self._voids.append(
                Void(
                    new_id(), moment, session, gate, reason, held.seconds, held.version, held.cells
                )
            )
        return gone

    def restorable(self, void: Void) -> Cover:
        """The cells of a void that were not covered again since."""
        return without(void.cells, self.covers.get(void.version, EMPTY))

    def restore(self, void: Void) -> None:
        """Give the coverage of a void back (its seconds come by the correction)."""
        self.cover(void.version, void.cells)
        for place, known in enumerate(self._voids or ()):
            if known.id == void.id and self._voids is not None:
                self._voids[place] = known._replace(restored=True)

    @property
    def covered_seconds(self) -> int:
        return size(self.covered)

    def held_cells(self) -> Cover:
        """What of the newest version is covered under reserve."""
        found = EMPTY
        for held in self.held:
            if held.version == self.version:
                found = union(found, held.cells)
        return common(found, self.covered)


class StudyDevice(Persistent):
    """Where a session takes place. An object of its own, as a beat writes its session anew and a
    browser's description of itself is as long as all the rest of it."""

    def __init__(self, name: str, ip: str, agent: str) -> None:
        self.name = name
        self.ip = ip
        self.agent = agent[:300]


class StudySession(Persistent):
    """An attendance: one learner, one course, one login, one device; see the module's docstring.

    `started`, `left`, `ended` are milliseconds. `how` it ended: "left", "lost", "taken_over",
    "signed_out", "closed" (the learner may no longer study there).
    """

    meter: Meter = Meter()
    #: Number of the newest player; its activity, the version it plays, its last beat.
    player: int = 0
    activity_id: int = 0
    version: str = ""
    length: int = 0
    seq: int = 0
    #: When the newest player was left, 0 while it is there.
    left: int = 0
    ended: int = 0
    how: str = ""
    #: Ended while a question was open that nobody answered.
    unanswered: bool = False
    credited: int = 0
    held: int = 0
    voided: int = 0
    #: Why it is paused (a code), "" while it is not, and in words.
    paused: str = ""
    paused_text: str = ""
    gates: dict[str, Gate] = {}
    challenge: OpenChallenge | None = None
    #: Activities with credit under reserve from this session.
    holding: tuple[int, ...] = ()
    refused: dict[str, int] = {}

    def __init__(
        self,
        user_id: int,
        course_id: int,
        *,
        login: bytes,
        device: str,
        ip: str,
        agent: str,
        now: int,
    ) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.course_id = course_id
        self.login = login
        self.place = StudyDevice(device, ip, agent)
        self.started = now

    @property
    def device(self) -> str:
        """What the learner's device calls itself."""
        return self.place.name

    @property
    def ip(self) -> str:
        return self.place.ip

    @property
    def agent(self) -> str:
        """The browser's User-Agent."""
        return self.place.agent

    @property
    def key(self) -> str:
        """The id as it stands in URLs."""
        return encode_id(self.id)

    @property
    def online(self) -> int:
        """Seconds from sign-in to sign-out, or to the last beat."""
        return max(0, (self.ended or self.meter.last) - self.started) // 1000

    def refuse(self, cells: dict[str, int]) -> None:
        if cells:
            self.refused = {
                **self.refused,
                **{why: self.refused.get(why, 0) + n for why, n in cells.items()},
            }


class LearnerStudy(Persistent):
    """What of a learner outlives a session: the meter, the gates, the newest session."""

    meter: Meter = Meter()
    gates: dict[str, Gate] = {}
    latest: StudySession | None = None
    #: (session id, how it ended), newest last.
    recent: tuple[tuple[int, str], ...] = ()

    def ended(self, session: StudySession) -> None:
        """Take over from a session that has ended."""
        self.meter = session.meter._replace(carry=0)
        self.gates = session.gates
        self.latest = session
        others = tuple(pair for pair in self.recent if pair[0] != session.id)
        self.recent = (*others, (session.id, session.how))[-RECENT:]


class EnrolmentStudy(Persistent):
    """The study time of one enrolment. The numbers are those of the sessions that have ended."""

    credited: int = 0
    held: int = 0
    voided: int = 0
    corrected: int = 0

    def __init__(self) -> None:
        self.activities = WideLOBTree()
        self.sessions = WideLOBTree()

    def of(self, activity_id: int) -> ActivityStudy:
        """The record of an activity, made when there is none (so only ask for writing)."""
        found: ActivityStudy | None = self.activities.get(activity_id)
        if found is None:
            found = self.activities[activity_id] = ActivityStudy(activity_id)
        return found


class Correction(Persistent):
    """A change of confirmed credit: proposed by one person, decided by another. Never edited.

    `proposed`, `decided`: seconds UTC. `state`: "proposed", "accepted", "refused", "withdrawn".
    """

    state: str = "proposed"
    decider: int = 0
    decided: int = 0
    remark: str = ""
    #: Id of the void that it takes back, and of the appeal that it answers; 0 for none.
    void_id: int = 0
    appeal_id: int = 0

    def __init__(
        self,
        user_id: int,
        course_id: int,
        activity_id: int,
        seconds: int,
        reason: str,
        proposer: int,
        now: int,
    ) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.course_id = course_id
        self.activity_id = activity_id
        self.seconds = seconds
        self.reason = reason
        self.proposer = proposer
        self.proposed = now

    @property
    def key(self) -> str:
        return encode_id(self.id)


class Appeal(Persistent):
    """A learner objects to something that was not credited. `made`, `decided`: seconds UTC.

    `state`: "open", "proposed" (a correction waits for its second person), "accepted", "refused".
    """

    state: str = "open"
    decider: int = 0
    decided: int = 0
    answer: str = ""
    correction_id: int = 0

    def __init__(
        self, user_id: int, course_id: int, activity_id: int, text: str, void_id: int, now: int
    ) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.course_id = course_id
        self.activity_id = activity_id
        self.text = text
        self.void_id = void_id
        self.made = now

    @property
    def key(self) -> str:
        return encode_id(self.id)


class CoursePapers(Persistent):
    """The corrections and appeals of one course, by id."""

    def __init__(self) -> None:
        self.corrections = WideLOBTree()
        self.appeals = WideLOBTree()


class Study(Persistent):
    """See the module's docstring."""

    def __init__(self) -> None:
        self.live = WideLOBTree()
        self.learners = WideLOBTree()
        self.papers = WideLOBTree()

    def learner(self, user_id: int) -> LearnerStudy:
        """What is kept of a learner, made when there is none (so only ask for writing)."""
        found: LearnerStudy | None = self.learners.get(user_id)
        if found is None:
            found = self.learners[user_id] = LearnerStudy()
        return found

    def papers_of(self, course_id: int) -> CoursePapers:
        """Corrections and appeals of a course, made when there are none."""
        found: CoursePapers | None = self.papers.get(course_id)
        if found is None:
            found = self.papers[course_id] = CoursePapers()
        return found


def study_of(site: Any) -> Study:
    """`site.study`, made when the site has none yet (so only ask for writing)."""
    if site.study is None:
        site.study = Study()
    study: Study = site.study
    return study
