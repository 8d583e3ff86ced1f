"""Papers are printed: small ones at once, others in the background, to be fetched for a while."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from modou.errors import Conflict, Message, NotFound, Unavailable
from modou.models.courses import Activity
from modou.services import files as stored_files
from modou.services import jobs
from modou.services.jobs import JobContext
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou.store.containers import WideLOBTree
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Slot
from modou_quiz.models.printing import PaperPrint, PaperPrints
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import background, shelf
from modou_quiz.services.printing import press
from modou_quiz.services.printing.documents import Print, compose, slots_of
from modou_quiz.services.printing.pictures import Pictures
from modou_quiz.services.printing.wording import Translate
from modou_quiz.services.printing.words import translator

JOB: Final = "quiz_print"
#: Of the stored files: fetched through the quiz's own pages alone.
ACCESS: Final = "quiz:prints"
#: Seconds for which a print is kept, and how many there are of one quiz and person.
KEPT: Final = 7 * 86_400
MOST: Final = 10
# What is set while somebody waits: questions, characters, formulas, bytes and pixels of pictures.
_SMALL_QUESTIONS: Final = 40
_SMALL_TEXT: Final = 40_000
_SMALL_FORMULAS: Final = 40
_SMALL_BYTES: Final = 2_000_000
_SMALL_PIXELS: Final = 8_000_000


def begin(
    occasion: Occasion, activity: Activity, how: Print, locale: str, translate: Translate
) -> bytes | PaperPrint:
    """A small paper at once, or a print that is being made.

    :param locale: of the words on the paper
    :raises Conflict: the paper cannot be drawn, or too many are being made
    :raises Unavailable: the library that sets pages does not run here
    """
    quiz = _quiz(occasion, activity)
    slots = slots_of(occasion, activity.id, quiz, how.version)
    if is_small(occasion, slots):
        return press.set_here(compose(occasion, slots, quiz, _titles(activity), how, translate))
    held = _held(occasion, activity.id)
    own = _own(occasion, held)
    if len([one for one in own if status_of(occasion, one)[0] == "making"]) >= MOST:
        raise Conflict(_("Wait until one of your other prints is ready."))
    for old in own[MOST - 1 :]:
        _drop(occasion, held, old)
    actor = occasion.actor.id if occasion.actor is not None else 0
    values = {
        "version": how.version,
        "answers": how.answers,
        "sheet": how.sheet,
        "binding": how.binding,
    }
    made = held.prints.add(PaperPrint(values, locale, actor, occasion.now))
    made.job = jobs.enqueue(occasion, JOB, activity=activity.id, made=made.id).id
    return made


def is_small(occasion: Occasion, slots: Sequence[Slot]) -> bool:
    """Whether a paper is set within a second or two whatever its questions hold."""
    if len(slots) > _SMALL_QUESTIONS:
        return False
    store = shelf.find_bank(occasion.site)
    if store is None:
        return True
    pictures = Pictures(_SMALL_BYTES, _SMALL_PIXELS)
    text = formulas = 0
    for slot in slots:
        question = store.questions.by_id(slot.question)
        version = question.version(slot.version)
        for rich in shelf.content_of(occasion, question, version).texts():
            text += len(rich.source)
            formulas += rich.source.count("\\(") + rich.source.count("\\[")
            formulas += rich.source.count("$$") // 2
        if text > _SMALL_TEXT or formulas > _SMALL_FORMULAS:
            return False
        files = (occasion.site.files.get(id) for id in version.files.values())
        if not all(pictures.take(stored) for stored in files if stored is not None):
            return False
    return True


def make(context: JobContext) -> None:
    """The job; values: `activity`, `made`."""
    activity_id, id = context.values["activity"], context.values["made"]
    end = monotonic() + press.SECONDS
    pictures = Pictures()
    try:
        with context.occasion(context.actor) as occasion:
            made, activity = _still(occasion, activity_id, id)
            if made is None or activity is None or made.status != "making":
                return
            quiz, how = _quiz(occasion, activity), Print(**made.how)
            slots = slots_of(occasion, activity_id, quiz, how.version)
            steps = 2 * len(slots) + 1
            done = 0

            def tick(_place: int) -> None:
                nonlocal done
                done += 1
                context.check()
                context.progress(min(0.5, 0.5 * done / steps), _("Laying out the questions"))
                if monotonic() > end:
                    raise press.too_long(press.SECONDS)

            page = compose(
                occasion,
                slots,
                quiz,
                _titles(activity),
                how,
                translator(made.locale),
                pictures,
                tick,
            )
        context.progress(0.5, _("Setting the pages"))
        file = press.set_apart(page, context.check, max(1.0, end - monotonic()))
    except (Conflict, Unavailable) as error:
        with context.occasion() as occasion:
            made, _activity = _still(occasion, activity_id, id)
            if made is not None:
                made.status, made.problem = "failed", packed(error.message)
        return
    with tempfile.TemporaryDirectory(prefix="modou-quiz-") as folder:
        path = Path(folder) / "paper"
        path.write_bytes(file)
        with context.occasion() as occasion:
            made, activity = _still(occasion, activity_id, id)
            if made is None or activity is None or made.status != "making":
                return
            name = filename_of(activity, how)
            stored = stored_files.store_path(occasion, path, name, ACCESS, "application/pdf")
            made.file, made.status, made.finished = stored.id, "done", occasion.now
            made.left_out = tuple(dict.fromkeys(pictures.left_out))


def _still(
    occasion: Occasion, activity_id: int, id: int
) -> tuple[PaperPrint | None, Activity | None]:
    """A print and the activity that it is of, as far as they are there."""
    quiz = shelf.find_by_id(occasion.site, activity_id)
    course = occasion.site.courses.get(quiz.course) if quiz is not None else None
    activity = course.activities.get(activity_id) if course is not None else None
    held = _find_held(occasion, activity_id)
    return (held.prints.get(id) if held is not None else None), activity


def filename_of(activity: Activity, how: Print) -> str:
    return f"paper-{activity.key}-{how.version}.pdf"


def status_of(occasion: Occasion, made: PaperPrint) -> tuple[str, Message]:
    """Its status, and the reason where that is "failed"."""
    if made.status == "making":
        reason = background.trouble(occasion, made.job)
        return ("failed", reason) if reason else ("making", "")
    return made.status, unpacked(made.problem) if made.problem else ""


def prints_of(occasion: Occasion, activity: Activity) -> list[PaperPrint]:
    """The actor's own of a quiz, newest first."""
    held = _find_held(occasion, activity.id)
    return _own(occasion, held) if held is not None else []


def find(occasion: Occasion, activity: Activity, key: str) -> PaperPrint:
    """:raises NotFound: there is none that is the actor's"""
    for made in prints_of(occasion, activity):
        if made.key == key:
            return made
    raise NotFound(_("There is no such print (any more)."))


def drop_all(occasion: Occasion, activity_id: int) -> None:
    """Drop the prints of a quiz that goes away."""
    tree = occasion.site.plugin_data(shelf.PLUGIN).get("prints")
    if tree is None or activity_id not in tree:
        return
    held = tree.pop(activity_id)
    for made in list(held.prints):
        _drop(occasion, held, made)


def drop_old(occasion: Occasion) -> int:
    """Drop prints that were kept long enough; how many."""
    data = occasion.site.plugins.get(shelf.PLUGIN)
    tree = data.get("prints") if data is not None else None
    dropped = 0
    for activity_id, held in list(tree.items()) if tree is not None else ():
        for made in [one for one in held.prints if one.created + KEPT < occasion.now]:
            _drop(occasion, held, made)
            dropped += 1
        if tree is not None and not len(held.prints):
            del tree[activity_id]
    return dropped


def _drop(occasion: Occasion, held: PaperPrints, made: PaperPrint) -> None:
    if made.file:
        stored_files.drop_file(occasion, made.file)
    held.prints.remove(made.id)


def _own(occasion: Occasion, held: PaperPrints) -> list[PaperPrint]:
    actor = occasion.actor.id if occasion.actor is not None else 0
    return sorted((p for p in held.prints if p.actor == actor), key=lambda one: -one.created)


def _find_held(occasion: Occasion, activity_id: int) -> PaperPrints | None:
    data = occasion.site.plugins.get(shelf.PLUGIN)
    tree = data.get("prints") if data is not None else None
    return tree.get(activity_id) if tree is not None else None


def _held(occasion: Occasion, activity_id: int) -> PaperPrints:
    data = occasion.site.plugin_data(shelf.PLUGIN)
    tree = data.get("prints")
    if tree is None:
        tree = data["prints"] = WideLOBTree()
    held: PaperPrints | None = tree.get(activity_id)
    if held is None:
        held = tree[activity_id] = PaperPrints()
    return held


def _quiz(occasion: Occasion, activity: Activity) -> Quiz:
    quiz = shelf.find(occasion.site, activity)
    if quiz is None:
        raise NotFound(_("There is no such quiz."))
    return quiz


def _titles(activity: Activity) -> tuple[str, str]:
    return activity.course.title, activity.title
