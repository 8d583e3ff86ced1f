"""Letters that go behind the pages: to markers, each morning, about what waits for them; to
learners who have come onto the list of a resit."""

from collections.abc import Iterator
from typing import Any

from modou.models.courses import Course
from modou.models.people import User
from modou.services import mailing, participants, roles
from modou.services.jobs.context import JobContext
from modou.services.letters import Letter
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.marking import DONE, QuizMarking
from modou_quiz.permissions import MARK
from modou_quiz.services import shelf
from modou_quiz.services.sitting.moments import moment_text

#: Letters that are put to the post in one transaction.
_TOGETHER = 200
#: Quizzes that a letter names.
_MOST_LINES = 50


def _write(occasion: Occasion, user: User | None, subject: Any, body: Any) -> None:
    if user is not None and user.email_confirmed and user.status == "active":
        mailing.send(occasion, Letter(user.email, subject, body, user.locale))


# -- what waits to be marked


def tell_markers(context: JobContext) -> None:
    """The job `quiz_marking_letters`: one letter to each marker, when somewhere more waits than the
    last letter said."""
    with context.occasion() as occasion:
        if not shelf.settings(occasion).marking_letters:
            return
        lists: dict[int, list[tuple[str, int]]] = {}
        new: set[int] = set()
        for marking, course, title, waiting in _waiting(context, occasion):
            more = waiting > marking.told
            if marking.told != waiting:
                marking.told = waiting
            if not waiting:
                continue
            for user in markers_of(occasion, course):
                lists.setdefault(user, []).append((f"{course.title} · {title}", waiting))
                if more:
                    new.add(user)
        for user in new:
            _tell(occasion, occasion.site.users.get(user), lists[user])


def _tell(occasion: Occasion, user: User | None, lines: list[tuple[str, int]]) -> None:
    named = [f"{title}: {number}" for title, number in lines[:_MOST_LINES]]
    named += ["…"] if len(lines) > _MOST_LINES else []
    number = sum(number for _title, number in lines)
    _write(
        occasion,
        user,
        _("Answers wait to be marked: ${number}", mapping={"number": number}),
        _(
            "These answers wait for somebody who marks them:\n\n${list}\n\n"
            "You find them on the page of each quiz, at “Marking”.",
            mapping={"list": "\n".join(named)},
        ),
    )


def _waiting(
    context: JobContext, occasion: Occasion
) -> Iterator[tuple[QuizMarking, Course, str, int]]:
    """Each quiz with its course, its title, and how many answers wait in it."""
    data = occasion.site.plugins.get(shelf.PLUGIN)
    markings = data.get("marking") if data is not None else None
    for activity_id, marking in markings.items() if markings is not None else ():
        context.check()
        quiz = shelf.find_by_id(occasion.site, activity_id)
        course = occasion.site.courses.get(quiz.course) if quiz is not None else None
        activity = course.activities.get(activity_id) if course is not None else None
        if course is None or activity is None:
            continue
        waiting = sum(stage != DONE for stage in marking.queue.values())
        yield marking, course, activity.title, waiting


def markers_of(occasion: Occasion, course: Course) -> set[int]:
    """Ids of those who mark in a course: by a role in the course, granted or as participants. Who
    may mark everywhere gets no letters."""
    marking = {role.name for role in roles.all_roles(occasion) if MARK in role.capabilities}
    found = {
        user
        for user, row in participants.rows(occasion, course)
        if row.role in marking and row.state_at(occasion.now) == "active"
    }
    for name in marking:
        for _level, _id, user in occasion.site.user_index.holders_of(name, "course", course.id):
            found.add(user)
    return found


# -- the list of a resit


def tell_listed(context: JobContext) -> None:
    """The job `quiz_tell_listed`; values: `activity`, `users`. Who is not on the list any more gets
    no letter."""
    users = context.values["users"]
    for start in range(0, len(users), _TOGETHER):
        some = users[start : start + _TOGETHER]
        context.check()
        with context.occasion() as occasion:
            quiz = shelf.find_by_id(occasion.site, context.values["activity"])
            course = occasion.site.courses.get(quiz.course) if quiz is not None else None
            activity = (
                course.activities.get(context.values["activity"]) if course is not None else None
            )
            if quiz is None or course is None or activity is None:
                return
            mapping = {"quiz": activity.title, "course": course.title}
            subject = _("You may sit “${quiz}”", mapping=mapping)
            body = _listed_text(quiz, mapping)
            for user in some:
                if user in quiz.only:
                    _write(occasion, occasion.site.users.get(user), subject, body)


def _listed_text(quiz: Any, mapping: dict[str, str]) -> Any:
    if quiz.opens:
        mapping["opens"] = moment_text(quiz.opens)
    if quiz.closes:
        mapping["closes"] = moment_text(quiz.closes)
    if quiz.opens and quiz.closes:
        return _(
            "You are on the list of those who may sit “${quiz}” in the course “${course}”. It can "
            "be begun from ${opens}; it ends for everybody on ${closes}.",
            mapping=mapping,
        )
    if quiz.opens:
        return _(
            "You are on the list of those who may sit “${quiz}” in the course “${course}”. It can "
            "be begun from ${opens}.",
            mapping=mapping,
        )
    if quiz.closes:
        return _(
            "You are on the list of those who may sit “${quiz}” in the course “${course}”. It ends "
            "for everybody on ${closes}.",
            mapping=mapping,
        )
    return _(
        "You are on the list of those who may sit “${quiz}” in the course “${course}”.",
        mapping=mapping,
    )
