"""Printing a paper: small ones come at once, others are made in the background."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response

from modou.errors import Conflict, Unavailable
from modou.permissions import Capability
from modou.store.containers import encode_id
from modou_quiz.forms.papers import PrintForm
from modou_quiz.i18n import _
from modou_quiz.models.printing import PaperPrint
from modou_quiz.services.printing import Print, prints
from modou_quiz.views.area import ID
from modou_quiz.views.paper_frame import PaperContext, paper, paper_values

STATUS_TITLES = {
    "making": _("Being made"),
    "done": _("Ready"),
    "failed": _("Could not be made"),
}
STATUS_LEVELS = {"making": "info", "done": "success", "failed": "attention"}


def print_paper(context: PaperContext, request: Request) -> Any:
    """How it is to be printed; the answer is the PDF file, or the page of a print."""
    form = PrintForm.of(request, data={"version": "A", "answers": "none", "binding": True})
    problem = None
    if request.method == "POST" and form.validate():
        how = Print(form.version.data, form.answers.data, form.sheet.data, form.binding.data)
        page = request.page
        try:
            made = prints.begin(request.occasion, context.activity, how, page.locale, page.gettext)
        except (Conflict, Unavailable) as error:
            problem = error.message
        else:
            if isinstance(made, PaperPrint):
                return HTTPSeeOther(_values(context, request)["url"]("paper_made", made=made.key))
            response = Response(made, content_type="application/pdf")
            name = prints.filename_of(context.activity, how)
            response.content_disposition = f'inline; filename="{name}"'
            return response
    values = _values(context, request, _("Print the paper"))
    return {
        **values,
        "form": form,
        "problem": problem,
        "prints": [
            (one, prints.status_of(request.occasion, one)[0])
            for one in prints.prints_of(request.occasion, context.activity)
        ],
        "titles": STATUS_TITLES,
        "levels": STATUS_LEVELS,
        "said": _said(form),
    }


def _values(context: PaperContext, request: Request, title: Any = "") -> dict[str, Any]:
    values = paper_values(context, request, title)
    request.page.breadcrumbs.append((request.page.gettext(_("Paper")), values["url"]("paper")))
    return values


def _said(form: PrintForm) -> Any:
    """What tells of each print how it was wanted: messages."""
    answers = {choice.value: choice.label for choice in form.answers.choices}

    def said(made: PaperPrint) -> list[Any]:
        version = _("Version ${letter}", mapping={"letter": made.how["version"]})
        return [version, answers.get(made.how["answers"], made.how["answers"])]

    return said


def paper_made(context: PaperContext, request: Request) -> Any:
    """How far a print is, and the way to the file."""
    made = prints.find(request.occasion, context.activity, request.matchdict["made"])
    status, problem = prints.status_of(request.occasion, made)
    values = _values(context, request, _("Print the paper"))
    return {
        **values,
        "made": made,
        "said": _said(PrintForm.of(request))(made),
        "status": status,
        "problem": problem,
        "job": encode_id(made.job) if status == "making" else "",
    }


def paper_made_file(context: PaperContext, request: Request) -> Response:
    """The PDF file of a print."""
    made = prints.find(request.occasion, context.activity, request.matchdict["made"])
    stored = request.site.files.get(made.file) if made.file else None
    if stored is None:
        raise HTTPNotFound
    response: Response = request.response
    response.content_type = stored.media_type
    response.content_length = stored.size
    response.content_disposition = f'inline; filename="{stored.filename}"'
    response.headers["Cache-Control"] = "no-store"
    response.app_iter = FileIter(stored.open())
    return response


def includeme(config: Configurator) -> None:
    path = f"/courses/{{course:{ID}}}/a/{{activity:{ID}}}/paper/print"
    for name, end, view, template in (
        ("paper_print", "", print_paper, "print"),
        ("paper_made", f"/{{made:{ID}}}", paper_made, "made"),
        ("paper_made_file", f"/{{made:{ID}}}/file", paper_made_file, ""),
    ):
        config.add_route(name, path + end, factory=paper)
        config.add_view(
            view,
            route_name=name,
            permission=Capability.ACTIVITY_EDIT,
            renderer=f"modou_quiz:templates/papers/{template}.jinja2" if template else None,
        )
