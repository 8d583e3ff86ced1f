"""What can be wrong with a request before its endpoint runs, and with an answer after it."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from modou.errors import Invalid, Message, ModouError, NotAllowed, SignInNeeded
from modou.i18n import _
from modou.services.settings import explain
from modou.web.problems import HeadedError, pointer


class TokenRefused(SignInNeeded, HeadedError):
    """A bearer token that is unknown, expired or revoked, or none where one is needed."""

    code = "token"
    title = _("This token does not open the door")
    headers = {"WWW-Authenticate": 'Bearer realm="modou", error="invalid_token"'}


class ScopeMissing(NotAllowed, HeadedError):
    """The token is good, but not for this."""

    code = "scope"

    def __init__(self, scope: str) -> None:
        super().__init__(_("The token lacks the scope ${scope}.", mapping={"scope": scope}))
        self.members = {"scope": scope}
        self.headers = {
            "WWW-Authenticate": f'Bearer realm="modou", error="insufficient_scope", scope="{scope}"'
        }


class ForeignPage(NotAllowed):
    """The session's cookie came along, but not from a page of this site."""

    code = "csrf"


class NoSuchMethod(HeadedError):
    """Nobody answers this method here."""

    status = 405
    code = "method"
    title = _("This method is not answered here")

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(
            _("This address answers ${methods}.", mapping={"methods": ", ".join(allowed)})
        )
        self.headers = {"Allow": ", ".join(allowed)}


class WrongMedia(HeadedError):
    """The body is no JSON by its own words."""

    status = 415
    code = "media-type"
    title = _("JSON is wanted")
    headers = {"Accept-Post": "application/json"}

    def __init__(self) -> None:
        super().__init__(_("Send the body as application/json."))


class Unreadable(ModouError):
    """The body is no JSON."""

    status = 400
    code = "json"
    title = _("This cannot be read")


class Unfit(Invalid):
    """A body, a query or a header that does not fit its model; says where."""

    def __init__(self, places: Iterable[tuple[str, str, Message]]) -> None:
        """:param places: ("pointer" | "parameter" | "header", where, what is wrong)"""
        found = [{kind: where, "detail": text} for kind, where, text in places]
        super().__init__(_("What was sent does not fit; see the errors."))
        self.members = {"errors": found}


def unfit_body(error: ValidationError) -> ModouError:
    """The problem with a body: no JSON at all, or JSON that does not fit."""
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Unreadable(_("The body is no JSON: ${why}.", mapping={"why": _why(details[0])}))
    return Unfit(("pointer", pointer(*d["loc"]), explain(d)) for d in details)


def unfit_query(error: ValidationError) -> Unfit:
    """The problem with a query string."""
    details = error.errors(include_url=False, include_input=False)
    return Unfit(("parameter", str(d["loc"][0]) if d["loc"] else "", explain(d)) for d in details)


def _why(details: Any) -> str:
    return str(details.get("ctx", {}).get("error", ""))


class AnswerDoesNotFit(Exception):
    """Our own defect: an endpoint answers what it does not promise."""
