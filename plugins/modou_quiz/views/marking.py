"""The marking queue: what waits, and one answer after the other."""

from functools import partial
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid
from modou.store.containers import decode_id
from modou.web.files import file_url
from modou.web.page import flash
from modou.web.paging import Pager
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.marking import MarkForm
from modou_quiz.i18n import _
from modou_quiz.services.marking import attaching, giving, queue, reviewing
from modou_quiz.services.marking.desk import name_of
from modou_quiz.services.marking.giving import Said
from modou_quiz.services.marking.keys import text_of
from modou_quiz.services.marking.queue import Piece, Ref
from modou_quiz.views import posted
from modou_quiz.views.desk import frame, points, quiz_desk, renderer, url_of

#: Rows for remarks that a page without script offers beside those that are there.
_EMPTY_NOTES = 3
STAGES = {
    "first": _("Not marked yet"),
    "second": _("Waits for a second marker"),
    "third": _("Two markers differ: decide"),
    "done": _("Marked"),
}


@view_config(
    route_name="quiz_marking",
    permission=permissions.MARK,
    request_method="GET",
    renderer="modou_quiz:templates/marking/queue.jinja2",
)
def overview(context: QuizContext, request: Request) -> dict[str, Any]:
    """What waits, by question or by learner."""
    by_learner = request.GET.get("by") == "learner"
    values = frame(request, context, _("Marking"), "quiz_marking")
    questions = queue.by_question(request.occasion, context.activity)
    lines, pager = questions, None
    if by_learner:
        learners = queue.Learners(request.occasion, context.activity)
        pager = Pager(request, len(learners))
        lines = learners.lines(pager.start, pager.size)
    return {
        **values,
        "lines": lines,
        "pager": pager,
        "by_learner": by_learner,
        "waiting": sum(line.waiting for line in questions),
        "total": sum(line.total for line in questions),
        "second": sum(line.second for line in questions),
        "third": sum(line.third for line in questions),
        "start": lambda line, **more: url_of(
            request,
            context,
            "quiz_marking_next",
            _query={"learner" if by_learner else "question": line.key, **more},
        ),
    }


# -- the way through


def _scope(request: Request) -> dict[str, str]:
    """Whether one question or one learner is gone through, as it stands in the address."""
    return {
        name: request.GET[name]
        for name in ("question", "learner")
        if len(request.GET.get(name, "")) == 13
    }


def _id(text: str | None) -> int:
    try:
        return decode_id(text or "")
    except KeyError:
        return 0


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else -1


def _after(request: Request) -> Ref | None:
    work, slot, part = [*request.GET.get("after", "").split("."), "", ""][:3]
    if not _id(work) or min(_number(slot), _number(part)) < 0:
        return None
    return Ref(_id(work), _number(slot), _number(part))


@view_config(route_name="quiz_marking_next", permission=permissions.MARK, request_method="GET")
def go_on(context: QuizContext, request: Request) -> HTTPSeeOther:
    """To the next answer that waits (`after`: where the marker is; `back`: the one before)."""
    scope = _scope(request)
    ref = queue.following(
        request.occasion,
        context.activity,
        question=_id(scope.get("question")),
        work=_id(scope.get("learner")),
        after=_after(request),
        backwards="back" in request.GET,
        done="done" in request.GET,
    )
    if ref is None:
        flash(request, _("Nothing else waits here."), "info")
        return HTTPSeeOther(url_of(request, context, "quiz_marking"))
    return HTTPSeeOther(address(request, context, ref, scope))


def address(request: Request, context: QuizContext, ref: Ref, scope: dict[str, str]) -> str:
    """The page of an answer."""
    return url_of(
        request,
        context,
        "quiz_mark",
        work=ref.key,
        slot=ref.slot,
        part=ref.part,
        _query=scope or None,
    )


def _step(request: Request, context: QuizContext, ref: Ref, **more: str) -> str:
    query = {**_scope(request), "after": f"{ref.key}.{ref.slot}.{ref.part}", **more}
    return url_of(request, context, "quiz_marking_next", _query=query)


# -- one answer


def _piece(context: QuizContext, request: Request) -> Piece:
    slot, part = _number(request.matchdict["slot"]), _number(request.matchdict["part"])
    if slot < 0 or part < 0:
        raise HTTPNotFound
    return queue.find(request.occasion, context.activity, request.matchdict["work"], (slot, part))


@view_config(
    route_name="quiz_mark",
    permission=permissions.MARK,
    request_method="GET",
    renderer="modou_quiz:templates/marking/piece.jinja2",
)
def piece_page(context: QuizContext, request: Request) -> dict[str, Any]:
    """An answer and what its marker says. Who opens it has it for a while."""
    piece = _piece(context, request)
    queue.take_lock(request.occasion, piece)
    return _values(context, request, piece, _form(request, piece))


@view_config(
    route_name="quiz_mark",
    permission=permissions.MARK,
    request_method="POST",
    renderer="modou_quiz:templates/marking/piece.jinja2",
)
def save(context: QuizContext, request: Request) -> Any:
    """Take the mark, and go on to the next answer; `leave`: let others have it."""
    piece = _piece(context, request)
    here = piece.ref
    if "leave" in request.POST:
        queue.release_lock(request.occasion, piece.work, (here.slot, here.part))
        return HTTPSeeOther(url_of(request, context, "quiz_marking"))
    form = _form(request, piece)
    if form.validate():
        try:
            done = giving.mark(
                request.occasion,
                context.activity,
                piece,
                _said(request, piece, form),
                _number(form.seen.data),
            )
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            # What was written stays in the form.
            form.form_errors.append(error.message)
        else:
            flash(request, _("Saved.") if done else _("Saved. It waits for somebody else now."))
            return HTTPSeeOther(_step(request, context, here))
    request.response.status = 422
    return _values(context, request, piece, form)


def _form(request: Request, piece: Piece) -> MarkForm:
    mine = piece.mine if piece.part.stage == "done" else None
    if mine is None and piece.part.stage == "done" and piece.shown:
        mine = piece.shown[-1]
    _key, response = queue.response_of(piece)
    text = text_of(response)
    notes = mine.notes if mine is not None else ()
    form = MarkForm.of(
        request,
        data={
            "points": points(mine.fraction * piece.worth) if mine is not None else "",
            "comment": mine.comment if mine is not None else "",
            "seen": str(piece.seen),
            "notes": [
                {"quote": text[start:end], "words": words, "start": start, "end": end}
                for start, end, words in notes
            ],
        },
    )
    while text and len(form.notes.entries) < len(notes) + _EMPTY_NOTES:
        form.notes.append_entry()
    return form


def _said(request: Request, piece: Piece, form: MarkForm) -> Said:
    """:raises Invalid: the marks are no number, or a passage does not stand in the answer"""
    key, response = queue.response_of(piece)
    text = text_of(response)
    typed = (form.points.data or "").strip().replace("，", ".").replace(",", ".")
    value: float | None = None
    if typed:
        try:
            value = float(typed)
        except ValueError:
            raise Invalid(_("Enter the marks as a number."), "points") from None
    rubric = {}
    for place, criterion in enumerate(getattr(key.content, "rubric", ())):
        chosen = _number(posted.text(request.POST, f"level-{place}"))
        if chosen >= 0:
            rubric[criterion.name] = chosen
    notes = [
        (*_passage(text, entry.form), entry.form.words.data or "")
        for entry in form.notes.entries
        if (entry.form.words.data or "").strip()
    ]
    kept = request.POST.getall("keep")
    return Said(value, form.comment.data or "", rubric, notes, form.files.data or (), kept)


def _passage(text: str, note: Any) -> tuple[int, int]:
    """Where a remark stands: where the script says, if the words are there; else where the words
    are found first."""
    quote = (note.quote.data or "").replace("\r\n", "\n")
    start, end = _number(note.start.data), _number(note.end.data)
    if 0 <= start < end <= len(text) and (not quote or text[start:end] == quote):
        return start, end
    found = text.find(quote) if quote else -1
    if found < 0:
        raise Invalid(
            _(
                "These words do not stand in the answer: “${quote}”. Copy them from it.",
                mapping={"quote": quote[:60]},
            ),
            "notes",
        )
    return found, found + len(quote)


def _values(context: QuizContext, request: Request, piece: Piece, form: MarkForm) -> dict[str, Any]:
    occasion = request.occasion
    values = frame(request, context, piece.key.title or _("An answer"), "quiz_marking")
    t = values["t"]
    request.page.breadcrumbs += [(t(_("Marking")), url_of(request, context, "quiz_marking"))]
    key, response = queue.response_of(piece)
    text = text_of(response)
    here = queue.of_question(occasion, context.activity, piece.slot.question)
    entered = request.POST if request.method == "POST" else {}
    chosen = dict(piece.mine.rubric) if piece.mine is not None else {}
    return {
        **values,
        "form": form,
        "piece": piece,
        "content": key.content,
        "type_title": t(key.type.title),
        "stem": rendered(request, piece, piece.key.content.stem),
        "asked": (
            rendered(request, piece, key.content.stem)
            if key.content is not piece.key.content
            else ""
        ),
        "notes_for_markers": rendered(request, piece, getattr(key.content, "notes", None)),
        "sample": rendered(request, piece, getattr(key.content, "sample", None)),
        "text": text,
        "summary": "" if text else key.type.summary(key.content, response),
        "files": _files(request, response),
        "stage": t(STAGES[piece.part.stage]),
        "given_files": _given_files(request, piece),
        "shown": [
            (
                name_of(occasion, mark.marker),
                mark,
                reviewing.part_review(0, mark, key.content, response)._replace(
                    files=attaching.attached(
                        request.site.files, mark.files, partial(file_url, request)
                    )
                ),
            )
            for mark in piece.shown
        ],
        "criteria": [
            {
                "name": criterion.name,
                "description": criterion.description,
                "field": f"level-{place}",
                "levels": criterion.levels,
                "chosen": _number(
                    entered.get(f"level-{place}", str(chosen.get(criterion.name, "")))
                ),
            }
            for place, criterion in enumerate(getattr(key.content, "rubric", ()))
            if criterion.levels
        ],
        "line": here,
        "previous": _step(request, context, piece.ref, back="1"),
        "next": _step(request, context, piece.ref),
        "action": address(request, context, piece.ref, _scope(request)),
    }


def _given_files(request: Request, piece: Piece) -> list[tuple[attaching.Attached, bool]]:
    """The files that the form offers to keep, and whether they are: those of the mark that stands
    in it, unless it comes back."""
    ids = piece.mine.files if piece.mine is not None else ()
    if piece.mine is None and piece.part.stage == "done" and piece.shown:
        ids = piece.shown[-1].files
    posted = request.method == "POST"
    kept = set(request.POST.getall("keep")) if posted else set()
    found = attaching.attached(request.site.files, ids, partial(file_url, request))
    return [(file, not posted or file.key in kept) for file in found]


def rendered(request: Request, piece: Piece, rich: Any) -> Any:
    """A text of the question as a safe piece of the page; "" where there is none."""
    if rich is None or not rich:
        return ""
    return renderer(request, piece.slot.question, piece.key.version)(rich)


def _files(request: Request, response: Any) -> list[dict[str, Any]]:
    """The files of an answer, with their addresses."""
    listed = response.get("files", ()) if isinstance(response, dict) else ()
    found = []
    for entry in listed:
        try:
            stored = request.site.files.get(decode_id(str(entry.get("id", ""))))
        except KeyError:
            continue
        if stored is not None:
            found.append(
                {
                    "name": entry.get("name", ""),
                    "size": entry.get("size", 0),
                    "href": file_url(request, stored),
                }
            )
    return found


def includeme(config: Configurator) -> None:
    base = "/courses/{course}/a/{activity}/marking"
    config.add_route("quiz_marking", base, factory=quiz_desk)
    config.add_route("quiz_marking_next", f"{base}/next", factory=quiz_desk)
    config.add_route("quiz_mark", f"{base}/{{work}}/{{slot}}/{{part}}", factory=quiz_desk)
    config.scan(__name__)
