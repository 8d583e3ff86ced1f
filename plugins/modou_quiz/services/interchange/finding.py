"""Formats, imports and exports: where they are, and who may see them."""

from typing import Any

from modou.errors import Invalid, Message, NotFound
from modou.models.courses import Course
from modou.services import files as stored_files
from modou.services.occasion import Occasion
from modou.services.packed_messages import unpacked
from modou_quiz.formats import QuestionFormat
from modou_quiz.i18n import _
from modou_quiz.models.interchange import Interchange, QuestionExport, QuestionImport
from modou_quiz.services import background, bank
from modou_quiz.services.shelf import PLUGIN

#: Seconds after which finished imports and exports are dropped.
KEPT = 30 * 86_400
#: How many imports, and exports, one person may have there, and with how many questions in all.
MOST_KEPT = 30
MOST_ROWS = 300_000
#: How sure a format must be that a file is its own.
SURE = 0.5
_HEAD = 64 * 1024


def formats_of(occasion: Occasion) -> dict[str, QuestionFormat]:
    """Name -> format, of all enabled plugins."""
    return occasion.assembled.question_formats


def detect(occasion: Occasion, head: bytes, filename: str) -> QuestionFormat:
    """The format of a file.

    :param head: its first 64 KB
    :raises Invalid: no format takes it for its own
    """
    rated = [
        (sure, format)
        for format in formats_of(occasion).values()
        if format.reads and (sure := format.recognises(head[:_HEAD], filename)) >= SURE
    ]
    if not rated:
        raise Invalid(
            _(
                "“${file}” is in none of the formats that are known here. Choose the format "
                "yourself, or look at its template.",
                mapping={"file": filename},
            ),
            "file",
        )
    return max(rated, key=lambda pair: pair[0])[1]


def format_named(occasion: Occasion, name: str, *, writes: bool = False) -> QuestionFormat:
    """:raises Invalid: there is no such format, or it does not go in that direction"""
    format = formats_of(occasion).get(name)
    if format is None or not (format.writes if writes else format.reads):
        raise Invalid(_("There is no format “${name}”.", mapping={"name": name}), "format")
    return format


def store_of(occasion: Occasion) -> Interchange:
    """For those who change it."""
    data = occasion.site.plugin_data(PLUGIN)
    found: Interchange | None = data.get("interchange")
    if found is None:
        found = data["interchange"] = Interchange()
    return found


def find_store(occasion: Occasion) -> Interchange | None:
    data = occasion.site.plugins.get(PLUGIN)
    return data.get("interchange") if data is not None else None


def may_import(occasion: Occasion, course: Course | None) -> bool:
    """Whether there is a tree of the bank that the actor may change."""
    return any(
        bank.may_edit_tree(occasion, scope, owner)
        for scope, owner in bank.trees_of(occasion, course)
    )


def import_of(occasion: Occasion, key: str, course: Course | None) -> QuestionImport:
    """:raises NotFound: there is none here that is the actor's"""
    store = find_store(occasion)
    return _own(occasion, store.imports if store is not None else {}, key, course)


def export_of(occasion: Occasion, key: str, course: Course | None) -> QuestionExport:
    """:raises NotFound: there is none here that is the actor's"""
    store = find_store(occasion)
    return _own(occasion, store.exports if store is not None else {}, key, course)


def _own(occasion: Occasion, folder: Any, key: str, course: Course | None) -> Any:
    try:
        found = folder[key]
    except KeyError:
        found = None
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    if found is None or found.course != here or (found.actor != actor and not occasion.system):
        raise NotFound(_("There is no such import or export (any more)."))
    return found


def imports_of(occasion: Occasion, course: Course | None) -> list[QuestionImport]:
    """The actor's own, newest first."""
    return _newest(occasion, "imports", course)


def exports_of(occasion: Occasion, course: Course | None) -> list[QuestionExport]:
    """The actor's own, newest first."""
    return _newest(occasion, "exports", course)


def _newest(occasion: Occasion, kind: str, course: Course | None) -> list[Any]:
    store = find_store(occasion)
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    own = store.of(kind, actor) if store is not None else []
    return [one for one in reversed(own) if one.course == here]


def status_of(occasion: Occasion, one: QuestionImport | QuestionExport) -> tuple[str, Message]:
    """Its status, "failed" also when its job will not end well any more; and the reason of that."""
    if one.status in {"reading", "taking", "writing"} and one.job:
        reason = background.trouble(occasion, one.job)
        return ("failed", reason) if reason else (one.status, "")
    return one.status, unpacked(one.problem) if one.problem else ""


def check_room(occasion: Occasion, kind: str) -> None:
    """Whether the actor may have one more.

    :param kind: "imports" or "exports"
    :raises Invalid: too many, or too long ones, are kept
    """
    store = find_store(occasion)
    if store is None or occasion.actor is None:
        return
    own = store.of(kind, occasion.actor.id)
    rows = sum(one.size for one in own) if kind == "imports" else 0
    if len(own) < MOST_KEPT and rows < MOST_ROWS:
        return
    if kind == "imports":
        raise Invalid(
            _(
                "You keep ${files} files with ${rows} questions here; the limits are ${most} and "
                "${most_rows}. Drop those that you do not need any more (each on its page), or "
                "wait: they are dropped 30 days after they were sent.",
                mapping={
                    "files": len(own),
                    "rows": rows,
                    "most": MOST_KEPT,
                    "most_rows": MOST_ROWS,
                },
            ),
            "file",
        )
    # What was written once can be written again.
    for old in own[: len(own) - MOST_KEPT + 1]:
        drop(occasion, kind, old)


def drop(occasion: Occasion, kind: str, one: QuestionImport | QuestionExport) -> None:
    """Forget one, with its file."""
    if one.file:
        stored_files.drop_file(occasion, one.file)
    store_of(occasion).drop(kind, one)


def drop_old(occasion: Occasion) -> int:
    """Drop imports and exports that nobody needs any more; how many. (A job's: it looks at all.)"""
    store = find_store(occasion)
    dropped = 0
    for kind in ("imports", "exports") if store is not None else ():
        for one in list(getattr(store, kind)):
            if one.created + KEPT < occasion.now:
                drop(occasion, kind, one)
                dropped += 1
    return dropped
