"""Formats, imports and exports: where they are, and who may see them."""

from typing import Any

from modou.errors import Invalid, NotFound
from modou.models.courses import Course
from modou.services import files as stored_files
from modou.services.occasion import Occasion
from modou_quiz.formats import QuestionFormat
from modou_quiz.i18n import _
from modou_quiz.models.interchange import Interchange, QuestionExport, QuestionImport
from modou_quiz.services import bank
from modou_quiz.services.shelf import PLUGIN

#: Seconds after which finished imports and exports are dropped.
KEPT = 30 * 86_400
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
    store = find_store(occasion)
    return _newest(occasion, store.imports if store is not None else (), course)


def exports_of(occasion: Occasion, course: Course | None) -> list[QuestionExport]:
    """The actor's own, newest first."""
    store = find_store(occasion)
    return _newest(occasion, store.exports if store is not None else (), course)


def _newest(occasion: Occasion, folder: Any, course: Course | None) -> list[Any]:
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    own = [one for one in folder if one.actor == actor and one.course == here]
    return sorted(own, key=lambda one: -one.created)


def drop_old(occasion: Occasion) -> int:
    """Drop imports and exports that nobody needs any more; how many."""
    store = find_store(occasion)
    if store is None:
        return 0
    dropped = 0
    folders: tuple[Any, ...] = (store.imports, store.exports)
    for folder in folders:
        for one in [one for one in folder if one.created + KEPT < occasion.now]:
            if one.file:
                stored_files.drop_file(occasion, one.file)
            folder.remove(one.id)
            dropped += 1
    return dropped
