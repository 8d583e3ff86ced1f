"""Forms about accounts: shapes only; the rules are in `modou.services.account_checks`."""

from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from modou.i18n import _
from modou.models.identity_numbers import MAXIMUM_NAME_LENGTH
from modou.services.account_checks import MAXIMUM_EMAIL, MAXIMUM_USERNAME
from modou.services.api_tokens import NAME_LENGTH
from modou.services.identity import ID_TYPES, MAXIMUM_REASON
from modou.services.invitations import MAXIMUM_NOTE, MAXIMUM_PLACES
from modou.services.logins import MAXIMUM_LOGIN
from modou.services.passwords import MAXIMUM_LENGTH, PasswordPolicy
from modou.services.role_editing import MAXIMUM_TITLE
from modou.web.forms.base import Form

_POLICY = PasswordPolicy()
_PASSWORD_HELP = _(
    "At least ${length} characters of ${classes} kinds (small and capital letters, digits, other "
    "characters), or a phrase of at least ${phrase} characters",
    mapping={
        "length": _POLICY.minimum_length,
        "classes": _POLICY.minimum_classes,
        "phrase": _POLICY.phrase_length,
    },
)
# Rosters hold spaces and full-width characters around numbers: room for them.
_NUMBER = 40


def _line(label: str, limit: int, *, required: bool = False, **more: object) -> StringField:
    validators = [Length(max=limit), *([InputRequired()] if required else [])]
    # A field that the request leaves out is an empty one.
    return StringField(label, validators, filters=[lambda text: text or ""], **more)


def _password(label: str, description: str = "", **render: str) -> PasswordField:
    return PasswordField(
        label,
        [InputRequired(), Length(max=MAXIMUM_LENGTH)],
        description=description,
        render_kw=render,
    )


def _id_type() -> SelectField:
    return SelectField(
        _("Kind of ID document"), choices=[SelectChoice(*pair) for pair in ID_TYPES.items()]
    )


class LoginForm(Form):
    """Signing in, with a password or a one-time code."""

    login = _line(
        _("Username, phone or e-mail"),
        MAXIMUM_LOGIN,
        required=True,
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _password(_("Password"), autocomplete="current-password")
    next = HiddenField()


class RegistrationForm(Form):
    """An account of one's own; `invitation` is shown where the site asks for one."""

    invitation = _line(_("Invitation code"), 40, render_kw={"autocomplete": "off"})
    username = _line(
        _("Username"),
        MAXIMUM_USERNAME,
        required=True,
        description=_("Letters and digits; you can also sign in with phone or e-mail"),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _password(_("Password"), _PASSWORD_HELP, autocomplete="new-password")
    name = _line(
        _("Real name"),
        MAXIMUM_NAME_LENGTH,
        required=True,
        description=_("As on your ID document; it stands on certificates"),
        render_kw={"autocomplete": "name"},
    )
    phone = _line(_("Mobile phone"), _NUMBER, render_kw={"autocomplete": "tel", "inputmode": "tel"})
    email = _line(
        _("E-mail"),
        MAXIMUM_EMAIL,
        description=_("For a new password if you forget yours"),
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )
    id_number = _line(
        _("ID card number"),
        _NUMBER,
        description=_("Needed before you study; you can also enter it later in your profile"),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class ForgotForm(Form):
    """Whom a link for a new password shall be mailed to."""

    login = _line(
        _("Username, phone or e-mail"),
        MAXIMUM_LOGIN,
        required=True,
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(Form):
    """A password for an account that was proved to be one's own by a link or a code."""

    password = _password(_("New password"), _PASSWORD_HELP, autocomplete="new-password")


class ChangePasswordForm(Form):
    """Another password."""

    old = _password(_("Present password"), autocomplete="current-password")
    new = _password(_("New password"), _PASSWORD_HELP, autocomplete="new-password")


class ProfileForm(Form):
    """What people change of their own account."""

    name = _line(_("Real name"), MAXIMUM_NAME_LENGTH, render_kw={"autocomplete": "name"})
    phone = _line(_("Mobile phone"), _NUMBER, render_kw={"autocomplete": "tel", "inputmode": "tel"})
    email = _line(
        _("E-mail"), MAXIMUM_EMAIL, render_kw={"autocomplete": "email", "inputmode": "email"}
    )


class IdentityForm(Form):
    """An ID document."""

    id_type = _id_type()
    id_number = _line(
        _("Number of the document"),
        _NUMBER,
        required=True,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class NewUserForm(Form):
    """An account made by the administration; it is opened by a one-time code."""

    username = _line(_("Username"), MAXIMUM_USERNAME, required=True)
    name = _line(_("Real name"), MAXIMUM_NAME_LENGTH)
    phone = _line(_("Mobile phone"), _NUMBER, render_kw={"inputmode": "tel"})
    email = _line(_("E-mail"), MAXIMUM_EMAIL, render_kw={"inputmode": "email"})
    id_type = _id_type()
    id_number = _line(_("Number of the document"), _NUMBER)


class UserForm(Form):
    """What the administration changes of an account."""

    username = _line(_("Username"), MAXIMUM_USERNAME, required=True)
    name = _line(_("Real name"), MAXIMUM_NAME_LENGTH)
    email = _line(_("E-mail"), MAXIMUM_EMAIL, render_kw={"inputmode": "email"})
    phone = _line(
        _("New phone number"),
        _NUMBER,
        description=_("Leave empty to keep the recorded one"),
        render_kw={"inputmode": "tel"},
    )


class ReasonForm(Form):
    """Why something is done to an account."""

    reason = _line(
        _("Reason"),
        MAXIMUM_REASON,
        required=True,
        description=_("Kept in the audit trail"),
        render_kw={"autocomplete": "off"},
    )


class GrantForm(Form):
    """A role and where it is granted."""

    role = SelectField(_("Role"), choices=[])
    context = SelectField(_("Where"), choices=[])


class InvitationForm(Form):
    """An invitation; `until` is a day in the site's time zone."""

    note = _line(_("Note"), MAXIMUM_NOTE, description=_("For this list, such as the class"))
    places = IntegerField(
        _("How many people"),
        [InputRequired(), NumberRange(0, MAXIMUM_PLACES)],
        default=1,
        description=_("0 for any number"),
        render_kw={"inputmode": "numeric"},
    )
    until = DateField(_("Good until (incl.)"), [Optional()])
    cohort = SelectField(_("Joins the cohort"), choices=[])
    courses = SelectMultipleField(_("Is enrolled in"), choices=[], render_kw={"size": "6"})


class TokenForm(Form):
    """A token by which programs use the API."""

    name = _line(
        _("What is it for?"),
        NAME_LENGTH,
        required=True,
        render_kw={"autocomplete": "off"},
    )
    scopes = SelectMultipleField(
        _("The token may"),
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validate_choice=False,
    )
    days = SelectField(
        _("Good for"),
        coerce=int,
        default=90,
        choices=[
            SelectChoice(7, _("7 days")),
            SelectChoice(30, _("30 days")),
            SelectChoice(90, _("90 days")),
            SelectChoice(365, _("one year")),
        ],
    )


class RoleForm(Form):
    """What a role may do; title and levels only of the site's own roles."""

    title = _line(_("Title"), MAXIMUM_TITLE)
    levels = SelectMultipleField(_("Can be granted in"), choices=[], validate_choice=False)
    capabilities = SelectMultipleField(_("May"), choices=[], validate_choice=False)


class NewRoleForm(Form):
    """A role of the site's own, with the rights of another one to begin with."""

    name = _line(
        _("Short name"),
        40,
        required=True,
        description=_("For ever: small letters, digits and _"),
        render_kw={"autocapitalize": "none", "spellcheck": "false"},
    )
    title = _line(_("Title"), MAXIMUM_TITLE, required=True)
    like = SelectField(_("Begins with the rights of"), choices=[])
