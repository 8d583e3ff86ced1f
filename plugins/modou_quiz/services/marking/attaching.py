"""Files that markers give with what they say: a corrected copy, a drawing, a page of hints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from modou.errors import Invalid, NotAllowed
from modou.services import files
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou.store.containers import encode_id
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Mark
from modou_quiz.services.marking.queue import Piece

#: Name of the `UploadPurpose`, the types that it takes, and most bytes of one file.
PURPOSE: Final = "quiz_feedback"
TYPES: Final = (
    "application/pdf",
    "image/*",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
MOST_BYTES: Final = 20_000_000
#: Files of one mark.
MOST: Final = 5

#: Makes the address of a stored file.
Sign = Callable[[Any], str]


class Attached(NamedTuple):
    """A file that a marker gave. `size` in bytes, `key` as forms name it."""

    key: str
    name: str
    size: int
    href: str


def attach(
    occasion: Occasion, piece: Piece, kept: Sequence[str], sent: Sequence[AnyUpload]
) -> tuple[int, ...]:
    """Ids of the files of a new mark.

    :param kept: keys of those files of earlier marks that stay
    :raises Invalid: too many, too large, of another kind, refused by a plugin, or none that the
        answer has
    """
    known = {encode_id(id): id for id in known_of(piece)}
    if not all(key in known for key in kept):
        raise Invalid(_("A file is no longer there. Reload the page."), "files")
    found = list(dict.fromkeys(known[key] for key in kept))
    if len(found) + len(sent) > MOST:
        raise Invalid(_("Send at most ${count} files.", mapping={"count": MOST}), "files")
    new: list[int] = []
    try:
        for upload in sent:
            new.append(_keep(occasion, piece, upload))
    except Invalid:
        # The page with the error is an answer like others, and is committed.
        for id in new:
            files.drop_file(occasion, id)
        raise
    if new:
        # By which they go with the attempt.
        answers = piece.attempt.answers
        answers.files = (*answers.files, *new)
    return (*found, *new)


def _keep(occasion: Occasion, piece: Piece, upload: AnyUpload) -> int:
    try:
        stored = files.keep_upload(
            occasion,
            upload,
            f"attempt:{piece.attempt.id}",
            field="files",
            accept=TYPES,
            limit=MOST_BYTES,
        )
    except NotAllowed as error:
        # What else was written stays in the form.
        raise Invalid(error.message, "files") from error
    return stored.id


def known_of(piece: Piece) -> list[int]:
    """Files of marks that the actor may see: the own ones, and those that are shown."""
    marks: list[Mark] = [*piece.shown, *([piece.mine] if piece.mine is not None else [])]
    return list(dict.fromkeys(id for mark in marks for id in mark.files))


def attached(
    files_: Mapping[int, Any], ids: Sequence[int], sign: Sign | None
) -> tuple[Attached, ...]:
    """Files with their addresses, for who may see them. What is gone is left out.

    :param files_: the site's files
    """
    found = ((id, files_.get(id)) for id in ids)
    return tuple(
        Attached(encode_id(id), stored.filename, stored.size, sign(stored) if sign else "")
        for id, stored in found
        if stored is not None
    )
