"""What people say about answers: one marker, or two who do not know of each other and a third where
they differ."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from modou.errors import Conflict, Invalid
from modou.models.courses import Activity
from modou.services.cleaning import clean_line, clean_text
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, Mark
from modou_quiz.models.marking import PartWork
from modou_quiz.services.marking import automatic, queue, waiting
from modou_quiz.services.marking.attaching import attach
from modou_quiz.services.marking.desk import quiz_of
from modou_quiz.services.marking.keys import keys_of, text_of
from modou_quiz.services.marking.queue import Piece, response_of
from modou_quiz.services.marking.settling import settle
from modou_quiz.services.marking.shelf import marking_of, rules_of
from modou_quiz.services.sitting import finding, notifying

COMMENT_LENGTH = 5_000
NOTE_LENGTH = 1_000
MOST_NOTES = 200


class Said(NamedTuple):
    """What a marker enters.

    :param points: marks of the part; None where a rubric says it
    :param rubric: name of a criterion -> place of the level
    :param notes: remarks on places of the text: (from, to, words)
    :param sent: files for the learner; `kept`: keys of those that were there before
    """

    points: float | None = None
    comment: str = ""
    rubric: Mapping[str, int] = {}
    notes: Sequence[tuple[int, int, str]] = ()
    sent: Sequence[AnyUpload] = ()
    kept: Sequence[str] = ()


def mark(occasion: Occasion, activity: Activity, piece: Piece, said: Said, seen: int) -> bool:
    """Take what the actor says about an answer; whether the answer is marked now, or waits for
    somebody else.

    An answer that is done can be marked anew by who marked it, or who may manage the quiz.

    :param seen: the piece's `seen` when the marker opened it
    :raises NotAllowed: without the capability `quiz:mark`, or it is the actor's own answer
    :raises Conflict: somebody else has said something meanwhile, or has it open
    :raises Invalid: at `points`, `comment`, `rubric`, `notes` or `files`
    """
    occasion.require(permissions.MARK, activity)
    queue.check_not_own(occasion, piece.attempt)
    queue.check_free(piece)
    if seen != piece.seen:
        raise Conflict(_("Somebody else has marked this answer meanwhile. Yours was not saved."))
    actor = occasion.require_actor()
    made = made_of(piece, said, actor.id, occasion.now)
    if piece.part.stage == "done":
        _check_again(occasion, activity, piece, actor.id)
    made = made._replace(files=attach(occasion, piece, said.kept, said.sent))
    quiz = quiz_of(occasion, activity)
    after, final = decided(piece.part, made, quiz.second_marker, quiz.tolerance)
    place = piece.ref.slot, piece.ref.part
    marking = marking_of(occasion, activity.id)
    queue.release_lock(occasion, piece.work, place)
    waiting.put(marking, piece.work, place, after)
    occasion.record(
        "attempt_marked",
        subject=piece.attempt.user,
        course=activity.course.id,
        values={
            "activity": activity.id,
            "attempt": piece.attempt.id,
            "slot": piece.ref.slot,
            "part": piece.ref.part,
            "fraction": made.fraction,
            "comment": made.comment,
            "files": len(made.files),
            "stage": piece.part.stage,
        },
    )
    if final is None:
        return False
    count(occasion, activity, piece.attempt, {place: final})
    return True


def _check_again(occasion: Occasion, activity: Activity, piece: Piece, actor: int) -> None:
    if any(mark.marker == actor for mark in piece.part.said):
        return
    occasion.require(permissions.MANAGE, activity)


def decided(
    part: PartWork, made: Mark, second_marker: bool, tolerance: float
) -> tuple[PartWork, Mark | None]:
    """How far a part has come with one more mark, and the mark that counts, if there is one.

    :param tolerance: how far two markers may be apart, in shares of the part's marks
    """
    said = (*part.said, made)
    if part.stage == "first" and second_marker:
        return part._replace(stage="second", said=said), None
    if part.stage == "second":
        first = part.said[-1]
        if abs(first.fraction - made.fraction) > tolerance + 1e-9:
            return part._replace(stage="third", said=said), None
        return part._replace(stage="done", said=said), both(first, made)
    return part._replace(stage="done", said=said), made


def both(first: Mark, second: Mark) -> Mark:
    """What two markers come to together: the mean; both comments, all remarks and files."""
    comments = dict.fromkeys(text for text in (first.comment, second.comment) if text)
    return second._replace(
        fraction=automatic.tidy((first.fraction + second.fraction) / 2),
        comment="\n\n".join(comments),
        rubric=second.rubric if first.rubric == second.rubric else (),
        notes=tuple(sorted({*first.notes, *second.notes})),
        files=tuple(dict.fromkeys((*first.files, *second.files))),
    )


def count(
    occasion: Occasion, activity: Activity, attempt: Attempt, marks: Mapping[tuple[int, int], Mark]
) -> None:
    """Let marks of persons count in their attempt, and in the grade book."""
    attempt.marks = {**attempt.marks, **marks}
    rules = rules_of(occasion.site, activity.id)
    found = automatic.outcome(keys_of(occasion), attempt, rules, occasion.now)
    was = attempt.state, attempt.score
    automatic.take(occasion, attempt, found)
    if was[0] == "graded" and attempt.state == "graded" and was[1] != attempt.score:
        automatic.record(occasion, "attempt_graded", attempt)
    if attempt.preview:
        return
    settle(occasion, activity, attempt.user)
    if was[0] != "graded" and attempt.state == "graded":
        notifying.result_ready(finding.find(occasion, activity.id, attempt.id))


# -- reading what was entered


def made_of(piece: Piece, said: Said, marker: int, now: int) -> Mark:
    """The mark that somebody's words make.

    :raises Invalid: naming the field
    """
    key, response = response_of(piece)
    rubric = tuple(getattr(key.content, "rubric", ()))
    chosen = _levels(rubric, said.rubric)
    if said.points is not None:
        fraction = _share(said.points, piece.worth)
    elif rubric and chosen:
        fraction = rubric_share(rubric, dict(chosen))
    else:
        raise Invalid(_("Enter the marks, or choose a level of each criterion."), "points")
    return Mark(
        automatic.tidy(fraction),
        marker,
        now,
        clean_text(said.comment, "comment", COMMENT_LENGTH),
        chosen,
        _notes(said.notes, text_of(response)),
    )


def _share(points: float, worth: float) -> float:
    if not math.isfinite(points) or points < 0 or points > worth + 1e-9:
        raise Invalid(
            _("Enter a number between 0 and ${most}.", mapping={"most": f"{worth:g}"}), "points"
        )
    return min(1.0, points / worth) if worth else 0.0


def _levels(rubric: Sequence[Any], wanted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The chosen levels, in the order of the rubric: all criteria, or none.

    :raises Invalid: a criterion is missing, or has no such level
    """
    criteria = [criterion for criterion in rubric if criterion.levels]
    chosen = tuple((c.name, wanted[c.name]) for c in criteria if c.name in wanted)
    if not chosen:
        return ()
    for criterion in criteria:
        level = wanted.get(criterion.name, -1)
        if not 0 <= level < len(criterion.levels):
            raise Invalid(
                _("Choose a level of “${name}”.", mapping={"name": criterion.name}), "rubric"
            )
    return chosen


def rubric_share(rubric: Sequence[Any], chosen: Mapping[str, int]) -> float:
    """Points reached of points possible, 0 to 1."""
    criteria = [criterion for criterion in rubric if criterion.levels]
    most = math.fsum(max(level.points for level in c.levels) for c in criteria)
    reached = math.fsum(c.levels[chosen[c.name]].points for c in criteria)
    return min(1.0, reached / most) if most > 0 else 0.0


def _notes(notes: Sequence[tuple[int, int, str]], text: str) -> tuple[tuple[int, int, str], ...]:
    if len(notes) > MOST_NOTES:
        raise Invalid(
            _("At most ${most} remarks.", mapping={"most": MOST_NOTES}),
            "notes",
        )
    made = []
    for start, end, words in notes:
        words = clean_line(words, "notes", NOTE_LENGTH, required=False)
        if not words:
            continue
        if not 0 <= start < end <= len(text):
            raise Invalid(_("A remark stands outside of the text."), "notes")
        made.append((start, end, words))
    return tuple(sorted(made))
