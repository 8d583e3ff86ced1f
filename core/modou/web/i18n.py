"""Language, time zone and appearance of the reader.

Order: what a signed-in user chose, a cookie of this browser, the .ini's `modou.locale`. The
browser's Accept-Language is not asked, so that pages for visitors can be kept by a proxy; only the
API asks for it, when programs call.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from pyramid.config import Configurator
from pyramid.i18n import Localizer, TranslationString
from pyramid.request import Request

from modou.clock import SHANGHAI
from modou.errors import Message

LOCALES = ("zh_CN", "en")
#: Language tags (RFC 4647) -> locale
LANGUAGES = {"zh-CN": "zh_CN", "zh": "zh_CN", "zh-Hans": "zh_CN", "en": "en"}
LOCALE_COOKIE = "modou_locale"
LOOK_COOKIE = "modou_look"
#: choice -> its values, the default first
LOOK: Mapping[str, tuple[str, ...]] = {
    "mode": ("auto", "light", "dark"),
    "text": ("normal", "large"),
    "contrast": ("normal", "high"),
}


def translate(
    localizer: Localizer, message: Message, mapping: Mapping[str, Any] | None = None
) -> str:
    """`message` in the localizer's language; what is filled into it is translated as well."""
    if isinstance(message, TranslationString) and message.mapping:
        mapping = {**message.mapping, **(mapping or {})}
    if mapping:
        mapping = {
            name: localizer.translate(value) if isinstance(value, TranslationString) else value
            for name, value in mapping.items()
        }
    if isinstance(message, TranslationString):
        message = TranslationString(
            message,
            domain=message.domain,
            default=message.default,
            context=message.context,
            mapping=mapping,
        )
    text: str = localizer.translate(message)
    return text


def negotiate_locale(request: Request) -> str:
    """The language to answer in: "zh_CN" or "en"."""
    # An error page must find its language even when the database does not answer.
    user = request.occasion.actor if "occasion" in request.__dict__ else None
    for choice in (user.locale if user else "", request.cookies.get(LOCALE_COOKIE, "")):
        if choice in LOCALES:
            return choice
    default: str = request.registry.modou_config["locale"]
    environ = request.environ
    if environ.get("PATH_INFO", "").startswith("/api/") and "HTTP_SEC_FETCH_SITE" not in environ:
        # Programs have no cookies, and no proxy keeps what they get. Scripts of our pages are asked
        # in the language of the page.
        wanted = request.accept_language.lookup(tuple(LANGUAGES), default="")
        return LANGUAGES.get(wanted, default)
    return default


def appearance(request: Request) -> dict[str, str]:
    """Mode, text size and contrast; see `LOOK`."""
    user = request.occasion.actor
    chosen: Mapping[str, str] = user.appearance if user is not None else {}
    if not chosen:
        words = request.cookies.get(LOOK_COOKIE, "").split("-")
        chosen = dict(zip(LOOK, words, strict=False))
    return {
        name: chosen[name] if chosen.get(name) in values else values[0]
        for name, values in LOOK.items()
    }


def appearance_key(request: Request) -> tuple[str, ...]:
    return tuple(request.appearance.values())


def format_seconds(request: Request, seconds: int, style: str = "datetime") -> str:
    """A moment (seconds UTC) as people of the site's time zone write it; "" for 0."""
    if not seconds:
        return ""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI)
    locale = request.locale_name
    if style == "date":
        return str(format_date(moment, "medium", locale=locale))
    if style == "time":
        return str(format_time(moment, "short", locale=locale))
    if locale == "zh_CN":
        return moment.strftime("%Y-%m-%d %H:%M")
    return str(format_datetime(moment, "medium", tzinfo=SHANGHAI, locale=locale))


def includeme(config: Configurator) -> None:
    config.add_translation_dirs("modou:locale/")
    config.set_locale_negotiator(negotiate_locale)
    add: Any = config.add_request_method
    add(appearance, "appearance", reify=True)
    add(appearance_key, "appearance_key", reify=True)
    add(format_seconds, "format_time")
