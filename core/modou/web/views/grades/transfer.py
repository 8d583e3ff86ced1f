"""Grades to spreadsheets and back.

Nothing of an upload is kept on the server between preview and import: the page carries the planned
changes in a hidden field. It is input like any other; the verbs judge every change again.
"""

import base64
import binascii
import json
import re
import tempfile
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import wtforms
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from modou.errors import Invalid, TooLarge
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import format_points, transfer
from modou.services.grading.marks import REASON_LENGTH
from modou.services.grading.transfer import PlannedChange, RowVerdict
from modou.services.tables import read_table, write_csv, write_xlsx
from modou.store.containers import decode_id, encode_id
from modou.web.forms.base import Form
from modou.web.page import flash
from modou.web.views.grades.book import View
from modou.web.views.grades.frame import book_crumb, frame, letters

#: Rows with their verdict shown in a preview.
SHOWN_ROWS = 200
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Up to here an export is built in memory, above it in a temporary file.
_IN_MEMORY = 1024 * 1024
#: Most bytes that the planned changes may unpack to.
_PLAN_BYTES = 32 * 1024 * 1024


# -- out


@view_config(route_name="grade_export", permission=Capability.GRADE_EXPORT)
def grade_export(context: Course, request: Request) -> Response:
    """The learners that the grade book shows with the same filters, as CSV or XLSX."""
    kind = request.matchdict["format"]
    if kind not in _MEDIA_TYPES:
        raise HTTPNotFound
    view = View.of(request, context)
    gettext = request.page.gettext
    book = grading.read_book(context)
    items, lines = transfer.export_rows(
        request.occasion,
        context,
        text=view.text,
        cohort=view.cohort_id,
        sort=view.sort,
        words={str(letter): gettext(letter) for _floor, letter in book.scale},
    )
    fixed = [gettext(name) for name in transfer.EXPORT_COLUMNS]
    headers = [
        *fixed,
        *(transfer.item_heading(item) for item in items),
        *(gettext(name) for name in transfer.TOTAL_COLUMNS),
    ]
    stream: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer
    if kind == "csv":
        write_csv(stream, headers, lines)
    else:
        write_xlsx(stream, headers, lines, text_columns=fixed, sheet=gettext(_("Grades")))
    size = stream.tell()
    stream.seek(0)
    response = request.response
    response.content_type = _MEDIA_TYPES[kind].split(";")[0]
    response.content_disposition = _attachment(request, context, kind)
    response.headers["Cache-Control"] = "no-store"
    response.app_iter = FileIter(stream)
    response.content_length = size
    return response


def _attachment(request: Request, course: Course, kind: str) -> str:
    today = request.page.when(request.occasion.now, "date")
    words = request.page.gettext(_("Grades"))
    title = f"{course.title} {words} {today}.{kind}"
    title = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", title)
    return f"attachment; filename=\"grades.{kind}\"; filename*=UTF-8''{quote(title)}"


# -- in


class UploadForm(Form):
    """The file with the grades."""

    file = wtforms.FileField(
        _("File"), description=_("CSV or XLSX, best the export of this grade book, edited.")
    )


class ApplyForm(Form):
    """What the preview page sends back."""

    plan = wtforms.HiddenField()
    reason = wtforms.StringField(
        _("Reason for changes"),
        [wtforms.validators.Length(max=REASON_LENGTH)],
        description=_("Goes into the history of every changed grade."),
    )


@view_config(
    route_name="grade_import", permission=Capability.GRADE_EXPORT, renderer="grade_import.jinja2"
)
def grade_import(context: Course, request: Request) -> Any:
    """Upload, preview, import."""
    transfer.require_import(request.occasion, context)
    page = request.page
    frame(request, context, page.gettext(_("Import grades")), book_crumb(request, context))
    values: dict[str, Any] = {
        "course": context,
        "upload": UploadForm.of(request),
        "preview": None,
        "result": None,
        "apply": ApplyForm.of(request),
        "has_items": bool(grading.read_book(context).items),
    }
    if request.method == "POST":
        if request.POST.get("action") == "apply":
            outcome = _apply(context, request, values["apply"])
            if isinstance(outcome, Response):
                return outcome
            values |= outcome
        else:
            values |= _read(context, request, values["upload"])
    return values


def _read(course: Course, request: Request, form: UploadForm) -> dict[str, Any]:
    upload = request.POST.get("file")
    if not hasattr(upload, "file"):
        form.take(Invalid(_("Choose a file first."), "file"))
        return {}
    gettext = request.page.gettext
    try:
        table = read_table(upload.file, upload.filename or "")
        plan = transfer.plan_import(
            request.occasion,
            course,
            table,
            letters=letters(request, grading.read_book(course)),
            fixed_headings={
                gettext(name): str(name)
                for name in (*transfer.EXPORT_COLUMNS, *transfer.TOTAL_COLUMNS)
            },
        )
    except Invalid as error:
        form.take(error)
        return {}
    except TooLarge as error:
        form.take(Invalid(error.message, "file"))
        return {}
    apply = ApplyForm.of(request)
    apply.plan.data = pack(plan.good)
    apply.reason.data = ""
    return {"preview": _preview(request, course, plan), "apply": apply}


def _preview(request: Request, course: Course, plan: transfer.ImportPlan) -> dict[str, Any]:
    return {
        "columns": [item.title for item in plan.items],
        "ignored": plan.ignored,
        "good": len(plan.good),
        "bad": len(plan.bad),
        "unchanged": plan.unchanged,
        "changes": plan.changes,
        "overrides": plan.overrides,
        "rows": _shown(request, course, [*plan.bad, *plan.good][:SHOWN_ROWS]),
        "more": max(0, len(plan.rows) - SHOWN_ROWS),
    }


def _shown(request: Request, course: Course, rows: Sequence[RowVerdict]) -> list[dict[str, Any]]:
    items = grading.read_book(course).items
    users = request.site.users
    shown = []
    for row in rows:
        user = users.get(row.user_id) if row.user_id else None
        shown.append(
            {
                "number": row.number,
                "username": row.name,
                "name": user.display_name if user is not None else "",
                "problems": [request.page.gettext(problem) for problem in row.problems],
                "changes": [
                    {
                        "title": items[change.item].title,
                        "old": format_points(change.old) or "–",
                        "new": format_points(change.new) or "–",
                    }
                    for change in row.changes
                ],
            }
        )
    return shown


def _apply(course: Course, request: Request, form: ApplyForm) -> dict[str, Any] | Response:
    planned = unpack(form.plan.data or "")
    try:
        result = transfer.apply_import(
            request.occasion, course, planned, (form.reason.data or "").strip()
        )
    except Invalid as error:
        form.take(error)
        book = grading.read_book(course)
        known = [row for row in planned if all(c.item in book.items for c in row.changes)]
        again = transfer.ImportPlan([], [], rows=known, overrides=1)
        return {"preview": _preview(request, course, again)}
    counts = {"grades": result.grades, "rows": result.rows}
    if not result.left:
        flash(request, _("${grades} grades of ${rows} learners imported.", mapping=counts))
        return HTTPSeeOther(request.route_path("grade_book", course=course.key))
    return {"result": {**counts, "left": _shown(request, course, result.left[:SHOWN_ROWS])}}


def pack(rows: Sequence[RowVerdict]) -> str:
    """Planned rows as text for a hidden field."""
    items: dict[int, int] = {}
    plain = [
        [
            row.number,
            row.name,
            encode_id(row.user_id),
            [[items.setdefault(c.item, len(items)), c.old, c.new] for c in row.changes],
        ]
        for row in rows
    ]
    text = json.dumps([[encode_id(i) for i in items], plain], separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def unpack(text: str) -> list[RowVerdict]:
    """The rows behind `pack`.

    :raises Invalid: it is not what `pack` gives
    """
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), _PLAN_BYTES)
        if not unpacker.eof:
            raise ValueError("too long or cut off")
        keys, plain = json.loads(raw)
        items = [decode_id(key) for key in keys]
        return [
            RowVerdict(
                int(number),
                str(name),
                decode_id(user),
                tuple(
                    PlannedChange(items[at], _value(old), _value(new)) for at, old, new in changes
                ),
                (),
            )
            for number, name, user, changes in plain
        ]
    except (ValueError, KeyError, IndexError, TypeError, zlib.error, binascii.Error):
        raise Invalid(
            _("The preview was damaged on its way. Please upload the file again.")
        ) from None


def _value(value: Any) -> float | None:
    return None if value is None else float(value)
