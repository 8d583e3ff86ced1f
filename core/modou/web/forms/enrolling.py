"""Forms about who takes part: enrolments, cohorts, rosters."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.i18n import _
from modou.web.forms.base import Form
from modou.web.forms.days import DayField

STATUS_TITLES = {
    "active": _("Active"),
    "future": _("Not yet begun"),
    "expired": _("Expired"),
    "suspended": _("Suspended"),
    "ended": _("Left"),
}
COHORT_STATUS_TITLES = {
    "planned": _("Planned"),
    "running": _("Running"),
    "finished": _("Finished"),
    "archived": _("Archived"),
}


class EnrolmentForm(Form):
    """One person's enrolment."""

    status = wtforms.SelectField(
        _("Status"),
        choices=[SelectChoice(n, STATUS_TITLES[n]) for n in ("active", "suspended", "ended")],
    )
    role = wtforms.SelectField(_("Role"), choices=[])
    starts = DayField(_("First day"), description=_("Empty: from now on."))
    ends = DayField(_("Last day"), last=True, description=_("Empty: no end."))


class DatesForm(Form):
    """Dates for many enrolments."""

    starts = DayField(_("First day"), description=_("Empty: from now on."))
    ends = DayField(_("Last day"), last=True, description=_("Empty: no end."))


class LimitsForm(Form):
    """Places and dates for learners who enrol by themselves."""

    capacity = wtforms.IntegerField(
        _("Places"),
        [validators.Optional(), validators.NumberRange(min=0, max=1_000_000)],
        description=_("Empty or 0: no limit."),
    )
    opens = DayField(_("Enrolment opens on"))
    closes = DayField(_("Last day of enrolment"), last=True)


class CohortForm(Form):
    """A cohort's data."""

    title = wtforms.StringField(
        _("Cohort title"), [validators.InputRequired(_("This must not be empty."))],
        render_kw={"maxlength": 120},
    )  # fmt: skip
    number = wtforms.StringField(
        _("Cohort number"),
        [validators.InputRequired(_("This must not be empty."))],
        description=_("Unique in the site; rosters name the cohort by it."),
        render_kw={"maxlength": 40},
    )
    class_teacher = wtforms.StringField(
        _("Class teacher"),
        description=_("Username, mobile number or e-mail address. Empty: nobody."),
    )
    planned_number = wtforms.IntegerField(
        _("Planned number of learners"),
        [validators.Optional(), validators.NumberRange(min=0, max=100_000)],
    )
    starts = DayField(_("First day"))
    ends = DayField(_("Last day"), last=True)


class RosterForm(Form):
    """The upload of a roster."""

    file = wtforms.FileField(
        _("Roster"),
        description=_("CSV or XLSX, up to 20 MB and 50,000 rows."),
        render_kw={"accept": ".csv,.xlsx,.txt"},
    )
