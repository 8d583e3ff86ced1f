"""The results of a quiz: all attempts, one of them, and the way to a spreadsheet."""

import re
import tempfile
from collections.abc import Collection
from functools import partial
from typing import Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from modou.errors import Conflict, Invalid
from modou.services import grading
from modou.services.tables import write_csv, write_xlsx
from modou.store.containers import decode_id, encode_id
from modou.web.files import file_url
from modou.web.page import flash
from modou.web.paging import Pager, Sorting
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.marking import DecideForm
from modou_quiz.i18n import _
from modou_quiz.services import results
from modou_quiz.services.marking import deciding, reviewing
from modou_quiz.services.marking.desk import attempt_of, name_of
from modou_quiz.services.marking.keys import keys_of
from modou_quiz.services.marking.veiling import Veil, earned
from modou_quiz.services.results import ABSENT, HANDED_IN_BY, SORTS, STATES, Choice, Listing
from modou_quiz.views import posted
from modou_quiz.views.desk import frame, quiz_desk, url_of

LEVELS = {"open": "info", "handed_in": "attention", "graded": "success", "void": "neutral"}
ACTIONS = {
    "regrade": _("Graded again"),
    "reopen": _("Given back to the learner"),
    "void": _("Voided"),
    "restore": _("Counts again"),
    "hand_in": _("Handed in on behalf of the learner"),
}
_MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_EXPORTS = {
    "results": (results.export_results, _("Results")),
    "responses": (results.export_responses, _("Answers")),
}
#: Up to here an export is built in memory, above it in a temporary file.
_IN_MEMORY = 1024 * 1024
#: Questions whose marks the list shows side by side, at most.
_MOST_COLUMNS = 60


def _choice(request: Request) -> Choice:
    get = request.GET
    state = get.get("state", "")
    return Choice(
        text=get.get("q", "").strip()[:100],
        cohort=_cohort(get.get("cohort", "")),
        state=state if state in {*STATES, ABSENT} else "",
        sort=Sorting(request, SORTS, "name").key,
    )


def _cohort(text: str) -> int:
    if text == "none":
        return -1
    try:
        return decode_id(text)
    except KeyError:
        return 0


@view_config(
    route_name="quiz_results",
    permission=permissions.RESULTS,
    request_method="GET",
    renderer="modou_quiz:templates/marking/results.jinja2",
)
def overview(context: QuizContext, request: Request) -> dict[str, Any]:
    """Who has sat it, and what came out."""
    occasion = request.occasion
    values = frame(request, context, _("Results"), "quiz_results")
    choice = _choice(request)
    listing = Listing(occasion, context.activity, choice)
    pager = Pager(request, len(listing))
    rows = list(listing.rows(pager.part(listing.refs)))
    detailed = request.GET.get("marks") == "1"
    veil = Veil(occasion, context.activity)
    marks = [
        earned(row.attempt, veil.hidden(row.attempt)) if detailed and row.attempt else []
        for row in rows
    ]
    width = max(map(len, marks), default=0)
    cohorts = grading.cohorts_of(occasion, context.course)
    titles = dict(cohorts)
    return {
        **values,
        "choice": choice,
        "listing": listing,
        "sorting": Sorting(request, SORTS, "name"),
        "pager": pager,
        "rows": rows,
        "marks": marks,
        "summary": results.summary(occasion, context.activity),
        "states": STATES,
        "absent": ABSENT,
        "levels": LEVELS,
        "cohorts": [(encode_id(id), title) for id, title in cohorts],
        "chosen_cohort": request.GET.get("cohort", ""),
        "cohort_titles": titles,
        "detailed": detailed,
        "columns": range(1, min(width, _MOST_COLUMNS) + 1),
        "more": lambda **changes: _query(request, **changes),
        "key": encode_id,
    }


def _query(request: Request, **changes: Any) -> dict[str, str]:
    """What is chosen, with something else."""
    query = {k: v for k, v in request.GET.items() if v and k not in {"page", *changes}}
    query.update({k: str(v) for k, v in changes.items() if v})
    return query


@view_config(route_name="quiz_results_export", permission=permissions.RESULTS)
def export(context: QuizContext, request: Request) -> Response:
    """What the list shows, or every answer in it, as XLSX or CSV, written as it is read."""
    what, kind = request.matchdict["what"], request.matchdict["format"]
    if what not in _EXPORTS or kind not in _MEDIA_TYPES:
        raise HTTPNotFound
    verb, title = _EXPORTS[what]
    t = frame(request, context, title)["t"]
    table = verb(request.occasion, context.activity, _choice(request), t)
    headers = [t(header) for header in table.headers]
    stream: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer
    if kind == "csv":
        write_csv(stream, headers, table.lines)
    else:
        text = [t(header) for header in table.text_columns]
        write_xlsx(stream, headers, table.lines, text_columns=text, sheet=t(title))
    size = stream.tell()
    stream.seek(0)
    response = request.response
    response.content_type = _MEDIA_TYPES[kind]
    if kind == "csv":
        response.charset = "utf-8"
    name = f"{context.activity.title} {t(title)} "
    name += f"{request.page.when(request.occasion.now, 'date')}.{kind}"
    name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name)
    response.content_disposition = (
        f"attachment; filename=\"{what}.{kind}\"; filename*=UTF-8''{quote(name)}"
    )
    response.headers["Cache-Control"] = "no-store"
    response.app_iter = FileIter(stream)
    response.content_length = size
    return response


# -- one attempt


@view_config(
    route_name="quiz_result",
    permission=permissions.RESULTS,
    request_method="GET",
    renderer="modou_quiz:templates/marking/result.jinja2",
)
def one(context: QuizContext, request: Request) -> dict[str, Any]:
    """An attempt, question by question, its history, and what can be decided about it."""
    return _values(context, request, DecideForm.of(request))


_VERBS = {
    "void": (deciding.void, _("The attempt is void.")),
    "restore": (deciding.restore, _("The attempt counts again.")),
    "reopen": (None, _("The learner can go on with it.")),
    "hand_in": (deciding.hand_in, _("The attempt is handed in.")),
}


@view_config(
    route_name="quiz_result",
    permission=permissions.MANAGE,
    request_method="POST",
    renderer="modou_quiz:templates/marking/result.jinja2",
)
def decide(context: QuizContext, request: Request) -> Any:
    """Void it, let it count again, give it back, or hand it in for its learner (`act`)."""
    act = posted.text(request.POST, "act")
    if act not in _VERBS:
        raise HTTPNotFound
    occasion, activity = request.occasion, context.activity
    attempt = attempt_of(occasion, activity, request.matchdict["attempt"])
    form = DecideForm.of(request)
    if form.validate():
        verb, said = _VERBS[act]
        try:
            if verb is None:
                minutes = form.minutes.data or 0
                deciding.reopen(occasion, activity, attempt, minutes, form.reason.data)
            else:
                verb(occasion, activity, attempt, form.reason.data)
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            form.form_errors.append(error.message)
        else:
            flash(request, said)
            return HTTPSeeOther(url_of(request, context, "quiz_result", attempt=attempt.key))
    request.response.status = 422
    return _values(context, request, form, act)


def _values(
    context: QuizContext, request: Request, form: DecideForm, act: str = ""
) -> dict[str, Any]:
    occasion = request.occasion
    attempt = attempt_of(occasion, context.activity, request.matchdict["attempt"])
    keys = keys_of(occasion)
    hidden = Veil(occasion, context.activity, keys).hidden(attempt)
    values = frame(request, context, "", "quiz_results")
    t, page = values["t"], request.page
    name = t(name_of(occasion, attempt.user))
    page.title = t(
        _("${name}, attempt ${number}", mapping={"name": name, "number": attempt.number})
    )
    page.breadcrumbs += [(t(_("Results")), url_of(request, context, "quiz_results"))]
    facts = [
        (t(_("Begun")), page.when(attempt.started)),
        (t(_("Handed in")), _handed_in(page, t, attempt)),
        (t(_("Time taken")), values["duration"](results.seconds_of(attempt))),
        (t(_("Page left")), t(_("${count} times", mapping={"count": attempt.leaves}))),
    ]
    return {
        **values,
        "attempt": attempt,
        "name": name,
        "form": form,
        "act": act,
        "facts": facts,
        "state": t(STATES[attempt.state]),
        "level": LEVELS[attempt.state],
        "slots": results.slots_of(keys, attempt, hidden),
        "veiled": t(results.VEILED),
        "said": list(_said(request, attempt, hidden)),
        "history": [
            (t(ACTIONS.get(old.action, old.action)), t(name_of(occasion, old.actor)), old)
            for old in reversed(attempt.history)
        ],
    }


def _said(request: Request, attempt: Any, hidden: Collection[int]) -> Any:
    """What people have said: (number of the question, its review)."""
    number = 0
    sign = partial(file_url, request)
    reviews = reviewing.review_of(request.occasion, attempt, sign=sign)
    for place, slot in enumerate(attempt.slots):
        if slot.marks:
            number += 1
            if place not in hidden and (reviews[place].parts or reviews[place].void):
                yield number, reviews[place]


def _handed_in(page: Any, t: Any, attempt: Any) -> str:
    if not attempt.handed_in:
        return t(_("not yet"))
    how = HANDED_IN_BY.get(attempt.handed_in_by)
    when: str = page.when(attempt.handed_in)
    return f"{when} ({t(how)})" if how else when


def includeme(config: Configurator) -> None:
    base = "/courses/{course}/a/{activity}/results"
    config.add_route("quiz_results", base, factory=quiz_desk)
    config.add_route("quiz_results_export", f"{base}/{{what}}.{{format}}", factory=quiz_desk)
    config.add_route("quiz_result", f"{base}/{{attempt}}", factory=quiz_desk)
    config.scan(__name__)
