"""Files that learners hand in with essays: taken in from uploads, and their addresses.

A page sends for each file either `upload:<key>`, what the core's uploads have taken in pieces, or
the id of one that an earlier answer kept. Responses hold {"id", "name", "size", "sent"}: a page
that stays open goes on calling a file by its upload, `sent`, when it has long been kept.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from modou.errors import Invalid
from modou.services import files
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou_quiz.i18n import _
from modou_quiz.services.rendering import Sign
from modou_quiz.types import QuestionType
from modou_quiz.types.case import CaseQuestions
from modou_quiz.types.contents import Essay
from modou_quiz.types.essay import EssayAnswer
from modou_quiz.types.own import list_of, wrong_shape

#: Name of the `UploadPurpose`.
PURPOSE: Final = "quiz_answer"
#: Before the key of an upload.
SENT: Final = "upload:"

Find = Callable[[str], AnyUpload | None]


def take(
    occasion: Occasion,
    kind: QuestionType[Any],
    content: Any,
    raw: Any,
    before: Any,
    find: Find,
    access: str,
) -> Any:
    """A raw answer whose files are kept by the site, ready for `kind.clean`.

    :param before: the response so far: its files may stay
    :param find: gives a finished upload of the learner by its key
    :param access: as for `files.keep_file`: "attempt:<id>", which nobody may read but by a page
        that decides
    :raises Invalid: too many, too large, of a type that is not asked for, or no longer there
    """
    if isinstance(kind, EssayAnswer):
        return _take(occasion, content, raw, before, find, access)
    if isinstance(kind, CaseQuestions) and isinstance(raw, (list, tuple)):
        subs = list(kind.subs(content, None, before))
        if len(raw) == len(subs):
            return [
                take(occasion, sub.type, sub.content, one, sub.response, find, access)
                for sub, one in zip(subs, raw, strict=True)
            ]
    return raw


def _take(
    occasion: Occasion, content: Essay, raw: Any, before: Any, find: Find, access: str
) -> Any:
    if not isinstance(raw, Mapping) or not raw.get("files"):
        return raw
    named = list_of(raw["files"], 100) or []
    if len(named) > content.files:
        raise Invalid(_("Send at most ${count} files.", mapping={"count": content.files}), "answer")
    kept = {}
    for file in (before or {}).get("files", ()):
        kept[file["id"]] = kept[SENT + file.get("sent", "")] = file
    taken = []
    for name in named:
        if not isinstance(name, str):
            raise wrong_shape()
        if name in kept:
            taken.append(kept[name])
            continue
        key = name.removeprefix(SENT) if name.startswith(SENT) else ""
        upload = find(key) if key else None
        if upload is None:
            raise Invalid(_("An uploaded file is no longer there. Send it again."), "answer")
        taken.append({**_keep(occasion, content, upload, access), "sent": key})
    return {**raw, "files": taken}


def _keep(occasion: Occasion, content: Essay, upload: AnyUpload, access: str) -> dict[str, Any]:
    endings = tuple(one.lower() for one in content.file_types if one.startswith("."))
    media = [one for one in content.file_types if not one.startswith(".")]
    named_well = bool(endings) and upload.filename.lower().endswith(endings)
    if endings and not media and not named_well:
        raise Invalid(
            _(
                "${name}: files have to end in ${endings}.",
                mapping={"name": upload.filename, "endings": ", ".join(endings)},
            ),
            "answer",
        )
    stored = files.keep_upload(
        occasion,
        upload,
        access,
        field="answer",
        accept=media if media and not named_well else None,
        limit=content.file_bytes,
    )
    return {"id": stored.key, "name": stored.filename, "size": stored.size}


def ids_in(response: Any) -> Iterator[int]:
    """Ids of the files of a response, as it is stored or as it was given."""
    if isinstance(response, Mapping):
        for file in response.get("files") or ():
            yield decode_id(file["id"])
    elif isinstance(response, list):
        for one in response:
            yield from ids_in(one)


def with_addresses(occasion: Occasion, shown: Mapping[str, Any], sign: Sign) -> dict[str, Any]:
    """What a type's `shown` or `review` gave, with addresses (`href`) of the files sent; for who
    may see them."""
    values = dict(shown)
    if "sent" in shown:
        values["sent"] = [_addressed(occasion, file, sign) for file in shown["sent"]]
    if "questions" in shown:
        values["questions"] = [
            {**one, "shown": with_addresses(occasion, one["shown"], sign)}
            for one in shown["questions"]
        ]
    return values


def _addressed(occasion: Occasion, file: Mapping[str, Any], sign: Sign) -> dict[str, Any]:
    stored = occasion.site.files.get(decode_id(file["id"]))
    return {**file, "href": sign(stored)} if stored is not None else dict(file)
