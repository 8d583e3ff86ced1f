"""Forms of teachers and operators: courses, categories, sections, activities."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import wtforms
from wtforms import validators

from modou.declarations import ActivityType
from modou.i18n import _
from modou.models.courses import Activity, Category, Course, Prerequisite
from modou.services.catalogue import CategoryNode, flat
from modou.services.teaching import ActivityValues, CourseValues
from modou.store.containers import decode_id, encode_id
from modou.web.forms.base import Form, set_choices
from modou.web.forms.fields import CheckboxesField, MomentField, UploadField

_required = validators.InputRequired(_("Please fill this in."))
_optional = validators.Optional()
#: Spaces that indent a category below its parent in a list of choices.
_INDENT = "　"
#: Rows for "complete this first" that are always there.
_AFTER_ROWS = 2


def category_choices(nodes: Iterable[CategoryNode], without: Category | None = None) -> list[Any]:
    """(key, indented title) of all categories; those in and below `without` are left out."""
    return [
        (node.category.key, _INDENT * node.depth + node.category.title)
        for node in flat(list(nodes))
        if without is None or without not in node.category.lineage()
    ]


class CourseForm(Form):
    """What people enter about a course."""

    title = wtforms.StringField(_("Title"), [_required], render_kw={"maxlength": 200})
    code = wtforms.StringField(
        _("Course code"),
        [_required],
        description=_("Short and unique, e.g. DG-2026-01. Rosters name the course by it."),
        render_kw={"maxlength": 60},
    )
    summary = wtforms.TextAreaField(_("Summary"), render_kw={"rows": 5, "maxlength": 20_000})
    cover = UploadField(
        _("Cover"),
        description=_("JPEG, PNG or WebP, best 1280 × 720. Without one a cover is drawn."),
        render_kw={"accept": "image/*"},
    )
    remove_cover = wtforms.BooleanField(_("Replace the cover by a drawn one"))
    category = wtforms.SelectField(_("Course category"), validate_choice=True)
    occupation = wtforms.StringField(
        _("Occupation"),
        description=_("As in the national classification, e.g. 电工."),
        render_kw={"maxlength": 100},
    )
    occupation_code = wtforms.StringField(
        _("Occupation code"), description=_("E.g. 6-31-01-03"), render_kw={"maxlength": 20}
    )
    level = wtforms.StringField(
        _("Skill level"),
        render_kw={"maxlength": 60, "list": "levels"},
    )
    planned_hours = wtforms.DecimalField(
        _("Planned class hours"),
        [_optional],
        places=None,
        description=_("One class hour is 45 minutes."),
        render_kw={"inputmode": "decimal"},
    )
    starts = wtforms.DateField(_("First day"), [_optional])
    ends = wtforms.DateField(_("Last day"), [_optional])
    visible = wtforms.BooleanField(
        _("Show in the catalogue"),
        description=_("A hidden course is closed to its learners, too."),
        default=True,
    )

    def values(self, find_category: Callable[[str], Category]) -> CourseValues:
        """What was entered, for the services. `find_category` raises KeyError."""
        chosen = self.category.data
        return CourseValues(
            title=self.title.data or "",
            code=self.code.data or "",
            summary=self.summary.data or "",
            category=find_category(chosen) if chosen else None,
            occupation=self.occupation.data or "",
            occupation_code=self.occupation_code.data or "",
            level=self.level.data or "",
            planned_hours=self.planned_hours.data,
            starts=self.starts.data,
            ends=self.ends.data,
            visible=bool(self.visible.data),
        )


class CategoryForm(Form):
    """A course category."""

    title = wtforms.StringField(_("Title"), [_required], render_kw={"maxlength": 100})
    description = wtforms.TextAreaField(_("Description"), render_kw={"rows": 4, "maxlength": 2000})
    parent = wtforms.SelectField(_("Lies in"))


class SectionForm(Form):
    """A section of a course."""

    title = wtforms.StringField(_("Title"), [_required], render_kw={"maxlength": 200})
    summary = wtforms.TextAreaField(_("Summary"), render_kw={"rows": 4, "maxlength": 5000})
    visible = wtforms.BooleanField(_("Visible to learners"), default=True)


class ActivityForm(Form):
    """What is the same for all activities: the core's part."""

    title = wtforms.StringField(_("Title"), [_required], render_kw={"maxlength": 200})
    summary = wtforms.TextAreaField(
        _("Short description"),
        description=_("Shown below the title in the outline."),
        render_kw={"rows": 2, "maxlength": 2000},
    )
    visible = wtforms.BooleanField(_("Visible to learners"), default=True)
    completion = CheckboxesField(
        _("Complete when all of these are met"),
        description=_("Without any, the activity does not count for the progress."),
    )
    graded = wtforms.BooleanField(_("Graded: gets an item in the grade book"))
    max_points = wtforms.FloatField(
        _("Most points"), [_optional], render_kw={"inputmode": "decimal"}
    )
    pass_mark = wtforms.FloatField(
        _("Pass mark"),
        [_optional],
        description=_("Points needed to pass; empty: the rule of the grade book."),
        render_kw={"inputmode": "decimal"},
    )
    prerequisites = wtforms.FieldList(
        wtforms.SelectField(_("Complete this first")),
        _("Opens after other activities"),
        min_entries=_AFTER_ROWS,
        max_entries=50,
    )
    grade_of = wtforms.SelectField(_("Grade needed in"))
    grade_percent = wtforms.FloatField(
        _("At least so many per cent"), [_optional], render_kw={"inputmode": "decimal"}
    )
    opens = MomentField(_("Opens on"))
    closes = MomentField(_("Closes on"))

    def offer(
        self,
        course: Course,
        activity: Activity | None,
        type_: ActivityType | None,
        rules: Sequence[tuple[str, Any]],
        translate: Callable[[Any], str],
    ) -> None:
        """Fill in the choices: rules that make sense, other activities of the course."""
        others = [a for a in course.ordered_activities() if a is not activity]
        nothing = [("", "—")]
        for entry in self.prerequisites.entries:
            set_choices(
                entry, nothing + [(a.key, a.title) for a in others if a.completion], translate
            )
        set_choices(self.grade_of, nothing + [(a.key, a.title) for a in others], translate)
        sensible = {*(type_.completion if type_ is not None else ()), "graded", "passed"}
        sensible |= set(activity.completion if activity is not None else ())
        set_choices(
            self.completion, [(name, title) for name, title in rules if name in sensible], translate
        )

    @staticmethod
    def data_of(values: ActivityValues) -> dict[str, Any]:
        """What the form shows of an activity."""
        after = [encode_id(p.target) for p in values.prerequisites if p.kind == "completed"]
        data: dict[str, Any] = {
            "title": values.title,
            "summary": values.summary,
            "visible": values.visible,
            "completion": list(values.completion),
            "graded": values.max_points is not None,
            "max_points": values.max_points,
            "pass_mark": values.pass_mark,
            # One more row, so that another can be added without scripts.
            "prerequisites": [*after, ""],
        }
        for kind, target, value in values.prerequisites:
            if kind == "grade":
                data["grade_of"], data["grade_percent"] = encode_id(target), value
            elif kind == "from":
                data["opens"] = value
            elif kind == "until":
                data["closes"] = value
        return data

    def values(self) -> ActivityValues:
        """What was entered, for the services."""
        conditions = [
            Prerequisite("completed", decode_id(key)) for key in self.prerequisites.data if key
        ]
        if self.grade_of.data:
            conditions.append(
                Prerequisite("grade", decode_id(self.grade_of.data), self.grade_percent.data)
            )
        if self.opens.data:
            conditions.append(Prerequisite("from", 0, self.opens.data))
        if self.closes.data:
            conditions.append(Prerequisite("until", 0, self.closes.data))
        graded = bool(self.graded.data)
        points = self.max_points.data
        return ActivityValues(
            title=self.title.data or "",
            summary=self.summary.data or "",
            visible=bool(self.visible.data),
            completion=tuple(self.completion.data or ()),
            prerequisites=tuple(conditions),
            max_points=(100.0 if points is None else points) if graded else None,
            pass_mark=self.pass_mark.data if graded else None,
        )
