"""The teacher's grade book: a page of learners by all items, edited in place."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from pyramid.request import Request
from pyramid.view import view_config

from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import format_points
from modou.services.grading.rows import LearnerRow, RowsPage
from modou.store.containers import decode_id, encode_id
from modou.web.views.grades.frame import cell, frame, total_cells


@dataclass(frozen=True)
class Pager:
    """A page of rows as the theme's pagination wants it."""

    shown: RowsPage
    view: "View"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)

    def href(self, page: int) -> str:
        return self.view.href(page=page)


@dataclass(frozen=True)
class View:
    """What the reader has chosen: search, cohort, order, page."""

    request: Request
    course: Course
    text: str
    cohort: str
    sort: str
    page: int

    @classmethod
    def of(cls, request: Request, course: Course) -> "View":
        get = request.GET
        page = get.get("page", "1")
        return cls(
            request,
            course,
            get.get("q", "").strip()[:100],
            get.get("cohort", ""),
            get.get("sort", "name"),
            int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
        )

    @property
    def cohort_id(self) -> int:
        """Id of the cohort, -1 for "in none", 0 for all (and for what is no cohort)."""
        if self.cohort == "none":
            return -1
        try:
            return decode_id(self.cohort)
        except KeyError:
            return 0

    def query(self, **other: Any) -> dict[str, str]:
        values = {"q": self.text, "cohort": self.cohort, "sort": self.sort, **other}
        return {k: str(v) for k, v in values.items() if v not in {"", "name", 1}}

    def href(self, **other: Any) -> str:
        """Address of the same list with something else chosen."""
        path: str = self.request.page.url(
            "grade_book", course=self.course.key, _query=self.query(**other)
        )
        return path

    def sort_href(self, key: str) -> str:
        return self.href(sort=f"-{key}" if self.sort == key else key)


@view_config(
    route_name="grade_book", permission=Capability.GRADE_VIEW, renderer="grade_book.jinja2"
)
def grade_book(context: Course, request: Request) -> Any:
    """Fifty learners, every item."""
    occasion = request.occasion
    page = request.page
    view = View.of(request, context)
    shown = grading.rows_page(
        occasion,
        context,
        text=view.text,
        cohort=view.cohort_id,
        sort=view.sort,
        page=view.page,
    )
    book = grading.read_book(context)
    editable = occasion.can(Capability.GRADE_EDIT, context)
    cohorts = grading.cohorts_of(occasion, context)
    frame(request, context, page.gettext(_("Grade book")))
    return {
        "course": context,
        "view": view,
        "pager": Pager(shown, view),
        "cohorts": [(encode_id(id), title) for id, title in cohorts],
        "columns": _columns(book),
        "rows": _rows(request, context, shown, editable, dict(cohorts)),
        "reckoned": book.prepared(occasion.assembled.grade_aggregations) is not None,
        "maximum": _maximum(book, shown),
        "editable": editable,
        "exportable": occasion.can(Capability.GRADE_EXPORT, context),
        "importable": editable and occasion.can(Capability.GRADE_EXPORT, context),
        "may_set_up": occasion.can(Capability.GRADE_SETUP, context),
    }


def _columns(book: Any) -> list[dict[str, Any]]:
    columns = []
    for item in book.ordered_items():
        group = book.categories[book.holder_of(item)].title
        columns.append(
            {
                "key": item.key,
                "title": item.title,
                "maximum": format_points(item.maximum),
                "group": group,
                "hidden": item.hidden,
            }
        )
    return columns


def _maximum(book: Any, shown: RowsPage) -> str | None:
    """What the total is out of, where it is the same for everybody on the page."""
    found = {row.results[book.root_id].max for row in shown.rows if row.results is not None}
    return format_points(found.pop()) if len(found) == 1 else None


def _rows(
    request: Request, course: Course, shown: RowsPage, editable: bool, cohorts: dict[int, str]
) -> list[dict[str, Any]]:
    book = grading.read_book(course)
    items = book.ordered_items()
    marks = {item.id: grading.pass_points(course, item) for item in items}
    keys = [item.key for item in items]
    prefix = request.page.url("grade_book", course=course.key)

    def line(row: LearnerRow) -> dict[str, Any]:
        user_key = encode_id(row.user_id)
        results = row.results
        cells = []
        for item, item_key in zip(items, keys, strict=True):
            grade = row.grades.get(item.id, grading.NO_GRADE)
            dropped = results is not None and results[item.id].dropped
            shown_cell = cell(request, item, grade, dropped=dropped, pass_mark=marks[item.id])
            shown_cell["column"] = item_key
            # Keys and paths hold no character that HTML would have to escape.
            shown_cell["href"] = Markup(f"{prefix}/{user_key}/{item_key}") if editable else None  # noqa: S704
            cells.append(shown_cell)
        total = grading.NO_TOTAL
        if results is not None:
            total = grading.as_total(book, results[book.root_id])
        return {
            "key": user_key,
            "name": row.person.name or row.person.username,
            "note": cohorts.get(row.person.cohort, ""),
            "cells": cells,
            "totals": total_cells(request, total),
        }

    return [line(row) for row in shown.rows]
