"""Printing a paper."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from modou.errors import Conflict, Unavailable
from modou.permissions import Capability
from modou_quiz.forms.papers import PrintForm
from modou_quiz.i18n import _
from modou_quiz.services import printing
from modou_quiz.views.area import ID
from modou_quiz.views.paper_frame import PaperContext, paper, paper_values


def print_paper(context: PaperContext, request: Request) -> Any:
    """How it is to be printed; the answer is the PDF file."""
    form = PrintForm.of(request, data={"version": "A", "answers": "none", "binding": True})
    problem = None
    if request.method == "POST" and form.validate():
        how = printing.Print(
            form.version.data, form.answers.data, form.sheet.data, form.binding.data
        )
        titles = (context.course.title, context.activity.title)
        try:
            made = printing.make(
                request.occasion,
                context.activity.id,
                context.quiz,
                titles,
                how,
                request.page.gettext,
            )
        except (Conflict, Unavailable) as error:
            problem = error.message
        else:
            response = Response(made, content_type="application/pdf")
            name = f"paper-{context.activity.key}-{how.version}.pdf"
            response.content_disposition = f'inline; filename="{name}"'
            return response
    values = paper_values(context, request, _("Print the paper"))
    request.page.breadcrumbs.append((request.page.gettext(_("Paper")), values["url"]("paper")))
    return {**values, "form": form, "problem": problem}


def includeme(config: Configurator) -> None:
    path = f"/courses/{{course:{ID}}}/a/{{activity:{ID}}}/paper/print"
    config.add_route("paper_print", path, factory=paper)
    config.add_view(
        print_paper,
        route_name="paper_print",
        permission=Capability.ACTIVITY_EDIT,
        renderer="modou_quiz:templates/papers/print.jinja2",
    )
