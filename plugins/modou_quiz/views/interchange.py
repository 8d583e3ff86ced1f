"""Files of questions: sent and looked at before anything is changed, taken, written."""

from typing import Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from wtforms.fields.choices import SelectChoice

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.services.packed_messages import unpacked
from modou.store.containers import encode_id
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou.web.paging import Pager
from modou_quiz.forms.interchange import ExportForm, ImportForm, TakeForm
from modou_quiz.i18n import _
from modou_quiz.models.interchange import QuestionExport, QuestionImport
from modou_quiz.services import background, bank, shelf
from modou_quiz.services.interchange import exporting, finding, reading, taking
from modou_quiz.views import area
from modou_quiz.views.area import Area, Within

_SIZE = 50
_NEWEST = 10
KIND_TITLES = {
    "good": _("Can be taken"),
    "twin": _("There already"),
    "flawed": _("As a draft only"),
    "bad": _("Refused"),
}
KIND_LEVELS = {"good": "success", "twin": "neutral", "flawed": "attention", "bad": "attention"}
STATUS_TITLES = {
    "reading": _("Being read"),
    "read": _("Waiting for your choice"),
    "taking": _("Being taken"),
    "done": _("Done"),
    "failed": _("Could not be read"),
    "writing": _("Being written"),
    "unwritten": _("Could not be written"),
}
LEVEL_TITLES = {
    "error": _("Refused"),
    "lost": _("Lost"),
    "changed": _("Changed"),
}
NOTE_LEVELS = {"error": "attention", "lost": "attention", "changed": "info"}


def _formats(request: Request, *, writes: bool) -> list[Any]:
    found = finding.formats_of(request.occasion).values()
    return [format for format in found if (format.writes if writes else format.reads)]


def questions_import(context: Within, request: Request) -> Any:
    """Send a file of questions; what was sent before."""
    where, occasion = Area(context, request), request.occasion
    form = ImportForm.of(request)
    readers = _formats(request, writes=False)
    choices = [SelectChoice("", _("Find out"))]
    choices += [SelectChoice(format.name, format.title) for format in readers]
    set_choices(form.format, choices, request.page.gettext)
    if request.method == "POST" and form.validate():
        if form.file.data is None:
            form.take(Invalid(_("Choose a file."), "file"))
        else:
            try:
                found = reading.upload(
                    occasion, form.file.data, context.course, form.format.data or ""
                )
            except Invalid as error:
                form.take(error)
            else:
                return HTTPSeeOther(where.url("questions_import_file", found=found.key))
    imports = finding.imports_of(occasion, context.course)
    return {
        **where.frame(_("Import questions")),
        "form": form,
        "may": finding.may_import(occasion, context.course),
        "formats": readers,
        "templates": [format for format in readers if format.template() is not None],
        "imports": [(one, finding.status_of(occasion, one)[0]) for one in imports],
        "statuses": STATUS_TITLES,
        "title_of": _format_title(request),
    }


def _format_title(request: Request) -> Any:
    known = finding.formats_of(request.occasion)

    def title(name: str) -> str:
        text: str = request.page.gettext(known[name].title) if name in known else name
        return text

    return title


def questions_import_template(context: Within, request: Request) -> Response:
    """A format's example to fill in."""
    format = finding.formats_of(request.occasion).get(request.matchdict["format"])
    content = format.template() if format is not None else None
    if format is None or content is None:
        raise HTTPNotFound
    response: Response = request.response
    response.content_type = format.media_type
    response.body = content
    _attach(response, request.page.gettext(_("questions template")) + format.extension)
    return response


def _attach(response: Response, filename: str) -> None:
    ascii_name = filename.encode("ascii", "ignore").decode().replace('"', "") or "file"
    response.content_disposition = (
        f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename)}"
    )


def questions_import_file(context: Within, request: Request) -> Any:
    """What is in a file, item by item; choosing and taking; what became of it."""
    where, occasion = Area(context, request), request.occasion
    found = finding.import_of(occasion, request.matchdict["found"], context.course)
    form = TakeForm.of(request, data={"paths": True})
    set_choices(form.category, where.categories(editable=True), lambda text: text)
    if request.method == "POST":
        try:
            return _act(context, request, found, form)
        except (Invalid, Conflict, NotAllowed, NotFound) as error:
            occasion.tm.doom()
            flash(request, error.message, "danger")
            return HTTPSeeOther(request.path_qs)
    status, problem = finding.status_of(occasion, found)
    kind = request.GET.get("kind", "")
    kind = kind if kind in reading.KINDS else ""
    counts = found.progress.counts
    pager = Pager(request, counts.get(kind, 0) if kind else found.size, _SIZE)
    shown = list(reading.rows(found, kind, pager.start, _SIZE))
    return {
        **where.frame(
            _("Import questions"), (_("Import questions"), where.url("questions_import"))
        ),
        "found": found,
        "form": form,
        "status": status,
        "status_title": STATUS_TITLES[status],
        "may_retry": status == "failed" and found.is_under_way,
        "job": encode_id(found.job) if status in {"reading", "taking"} and found.job else "",
        "format_title": _format_title(request)(found.format),
        "formats": _formats(request, writes=False),
        "problem": request.page.gettext(problem),
        "tabs": _tabs(request, found, kind),
        "kind": kind,
        "rows": [_row(request, where, found, number, row) for number, row in shown],
        "types": where.type_titles(),
        "pager": pager,
        "chosen": len(found.chosen),
        "kinds": KIND_TITLES,
        "levels": KIND_LEVELS,
        "note_titles": LEVEL_TITLES,
        "note_levels": NOTE_LEVELS,
    }


def _tabs(request: Request, found: QuestionImport, kind: str) -> list[dict[str, Any]]:
    counts = found.progress.counts
    titles = [("", _("All")), *((name, KIND_TITLES[name]) for name in reading.KINDS)]
    return [
        {
            "title": request.page.gettext(title),
            "href": request.current_route_path(_query={"kind": name} if name else {}),
            "active": kind == name,
            "count": counts.get(name, 0) if name else found.size,
        }
        for name, title in titles
    ]


def _row(
    request: Request, where: Area, found: QuestionImport, number: int, row: dict[str, Any]
) -> dict[str, Any]:
    twin = reading.twin_of(request.occasion, row)
    outcome = taking.outcome_of(found, number)
    made = isinstance(outcome, int) and outcome != 0
    return {
        **row,
        "number": number,
        "notes": reading.notes_of(row),
        "chosen": number - 1 in found.chosen,
        "twin": twin,
        "twin_href": _href(where, twin.id) if twin is not None else "",
        "made": _href(where, outcome) if made else "",
        "refusal": "" if outcome is None or isinstance(outcome, int) else outcome,
    }


def _href(where: Area, id: int) -> str:
    """The question's page; "" when it is gone."""
    store = shelf.find_bank(where.request.site)
    question = store.questions.get(id) if store is not None else None
    if question is None:
        return ""
    return where.url("question", question=question.key)


def _act(context: Within, request: Request, found: QuestionImport, form: TakeForm) -> HTTPSeeOther:
    where, occasion, posted = Area(context, request), request.occasion, request.POST
    action = posted.get("action", "")
    here = request.path_qs
    if action == "drop":
        reading.drop(occasion, found)
        flash(request, _("The file was dropped."))
        return HTTPSeeOther(where.url("questions_import"))
    if action == "retry":
        background.again(occasion, found.job)
    if action == "format":
        reading.read_again(occasion, found, posted.get("format", ""))
        return HTTPSeeOther(request.path)
    if action in {"choose", "all", "none", "take"}:
        taking.choose(found, _numbers(posted.getall("shown")), _numbers(posted.getall("ids")))
    if action in {"all", "none"}:
        kind = request.GET.get("kind", "")
        taking.choose_all(found, kind if kind in reading.KINDS else "", action == "all")
    if action == "take":
        taking.start(
            occasion, found, form.category.data or "", context.course, paths=form.paths.data
        )
        return HTTPSeeOther(request.path)
    return HTTPSeeOther(here)


def _numbers(values: list[str]) -> list[int]:
    return [int(v) for v in values if v.isascii() and v.isdigit() and len(v) < 10]


def questions_export(context: Within, request: Request) -> Any:
    """Which questions are to be written to a file, and in which format."""
    where, occasion = Area(context, request), request.occasion
    form = ExportForm.of(request, data={"category": request.GET.get("category", "")})
    writers = _formats(request, writes=True)
    set_choices(form.category, where.categories(), lambda text: text)
    choices = [SelectChoice(format.name, format.title) for format in writers]
    set_choices(form.format, choices, request.page.gettext)
    source = request.params.get("activity", "")
    chosen = [text for text in request.params.getall("ids") if text]
    if request.method == "POST":
        try:
            if chosen:
                ids = [bank.find(occasion, key, context.course).id for key in chosen]
            elif source:
                quiz = _quiz(context, request, source)
                ids = exporting.of_paper(occasion, quiz)
            else:
                category = bank.find_category(occasion, form.category.data or "", context.course)
                ids = exporting.of_category(occasion, category, context.course)
            lenient = bool(source and not chosen)
            made = exporting.start(
                occasion, ids, form.format.data or "", context.course, lenient=lenient
            )
        except Invalid as error:
            form.take(error)
        except NotFound:
            form.take(Invalid(_("Choose a category that has questions."), "category"))
        else:
            return HTTPSeeOther(where.url("questions_export_file", made=made.key))
    return {
        **where.frame(_("Export questions")),
        "form": form,
        "formats": writers,
        "source": source,
        "chosen": chosen,
        "exports": [
            (one, finding.status_of(occasion, one)[0])
            for one in finding.exports_of(occasion, context.course)[:_NEWEST]
        ],
        "statuses": STATUS_TITLES,
        "title_of": _format_title(request),
        "types": where.type_titles(),
    }


def _quiz(context: Within, request: Request, key: str) -> Any:
    """The quiz of an activity of the course.

    :raises NotFound: there is none
    """
    activity = None
    if context.course is not None:
        try:
            activity = context.course.activities[key]
        except KeyError:
            activity = None
    quiz = shelf.find(request.site, activity) if activity is not None else None
    if quiz is None:
        raise NotFound(_("There is no such quiz."))
    return quiz


def questions_export_file(context: Within, request: Request) -> Any:
    """How far an export is, what its format could not carry, and the way to the file."""
    where, occasion = Area(context, request), request.occasion
    made = finding.export_of(occasion, request.matchdict["made"], context.course)
    if request.method == "POST":
        try:
            background.again(occasion, made.job)
        except Conflict as error:
            flash(request, error.message, "danger")
        return HTTPSeeOther(request.path)
    status, problem = finding.status_of(occasion, made)
    notes = [
        {
            "title": title,
            "href": _href(where, id),
            "notes": [(level, unpacked(message)) for level, message in told],
        }
        for id, title, told in made.notes
    ]
    pager = Pager(request, len(notes), _SIZE)
    return {
        **where.frame(
            _("Export questions"), (_("Export questions"), where.url("questions_export"))
        ),
        "made": made,
        "status": status,
        "status_title": STATUS_TITLES["unwritten" if status == "failed" else status],
        "problem": request.page.gettext(problem),
        "may_retry": status == "failed" and made.status == "writing",
        "job": encode_id(made.job) if status == "writing" and made.job else "",
        "format_title": _format_title(request)(made.format),
        "notes": notes[pager.start : pager.start + _SIZE],
        "pager": pager,
        "note_titles": LEVEL_TITLES,
        "note_levels": NOTE_LEVELS,
        "download": where.url("questions_export_download", made=made.key) if made.file else "",
    }


def questions_export_download(context: Within, request: Request) -> Response:
    """The file of an export."""
    made: QuestionExport = finding.export_of(
        request.occasion, request.matchdict["made"], context.course
    )
    stored = request.site.files.get(made.file) if made.file else None
    if stored is None:
        raise HTTPNotFound
    response: Response = request.response
    response.content_type = stored.media_type
    response.content_length = stored.size
    _attach(response, stored.filename)
    response.app_iter = FileIter(stored.open())
    return response


_FOUND = f"/{{found:{area.ID}}}"
_MADE = f"/{{made:{area.ID}}}"
_ROUTES = (
    ("questions_import", "/import", area.place, questions_import, "import"),
    (
        "questions_import_template",
        "/import/template/{format:[a-z0-9_]+}",
        area.place,
        questions_import_template,
        "",
    ),
    (
        "questions_import_file",
        f"/import{_FOUND}",
        area.place,
        questions_import_file,
        "import_file",
    ),
    ("questions_export", "/export", area.place, questions_export, "export"),
    (
        "questions_export_file",
        f"/export{_MADE}",
        area.place,
        questions_export_file,
        "export_file",
    ),
    (
        "questions_export_download",
        f"/export{_MADE}/file",
        area.place,
        questions_export_download,
        "",
    ),
)


def includeme(config: Configurator) -> None:
    area.add_routes(config, _ROUTES)
