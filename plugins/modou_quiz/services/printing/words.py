"""The words on a paper, in the language of who has it printed: a job has no page to ask."""

import gettext
from functools import lru_cache
from importlib.resources import files

from modou.errors import Message
from modou.i18n import TranslationString
from modou_quiz.i18n import DOMAIN
from modou_quiz.services.printing.wording import Translate


@lru_cache(maxsize=8)
def translator(locale: str) -> Translate:
    """What translates this plugin's messages; English for a language without a catalogue."""
    folder = str(files("modou_quiz") / "locale")
    catalogue = gettext.translation(DOMAIN, folder, [locale], fallback=True)

    def translate(message: Message) -> str:
        text = catalogue.gettext(str(message))
        if isinstance(message, TranslationString):
            return str(message.interpolate(text))
        return text

    return translate
