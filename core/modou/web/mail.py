"""Mail: letters of the services become messages of pyramid_mailer.

`modou.mail = smtp` sends them; `console` prints them, for development. When and how often that is
tried is the business of the job that does it (`modou.services.mailing`).
"""

import sys
from functools import lru_cache
from smtplib import SMTPException

from pyramid.config import Configurator
from pyramid.i18n import Localizer, make_localizer
from pyramid.interfaces import ITranslationDirectories
from pyramid.registry import Registry
from pyramid_mailer.interfaces import IMailer
from pyramid_mailer.mailer import DummyMailer
from pyramid_mailer.message import Message

from modou.errors import Unavailable
from modou.i18n import _
from modou.services.letters import Letter
from modou.web.i18n import LOCALES, translate


class ConsoleMailer(DummyMailer):
    """Prints each message once it is sent, and keeps it in `outbox`."""

    def send_immediately(self, message: Message, fail_silently: bool = False) -> None:
        super().send_immediately(message, fail_silently)
        lines = (
            "-" * 72,
            f"To: {', '.join(message.recipients)}",
            f"Subject: {message.subject}",
            "",
            str(message.body or ""),
            "-" * 72,
        )
        sys.stderr.write("\n".join(lines) + "\n")


class Postman:
    """The site's `Post`: translates a letter and sends it. Called by workers."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._localizer = lru_cache(maxsize=len(LOCALES))(self._make_localizer)

    def __call__(self, letter: Letter) -> None:
        config = self._registry.modou_config
        localizer = self._localizer(letter.locale if letter.locale in LOCALES else config["locale"])
        message = Message(
            subject=" ".join(translate(localizer, letter.subject).split()),
            sender=config["mail_sender"],
            recipients=[letter.to],
            body=translate(localizer, letter.body),
        )
        try:
            self._registry.getUtility(IMailer).send_immediately(message)
        except (SMTPException, OSError) as error:
            # Addresses stay out of the log: the mail server's own log has them.
            raise Unavailable(
                _(
                    "The mail server does not take it: ${error}.",
                    mapping={"error": type(error).__name__},
                )
            ) from None

    def _make_localizer(self, locale: str) -> Localizer:
        directories = self._registry.queryUtility(ITranslationDirectories, default=[])
        return make_localizer(locale, directories)


def includeme(config: Configurator) -> None:
    registry = config.registry
    if registry.modou_config["mail"] == "console":
        registry.registerUtility(ConsoleMailer(), IMailer)
    else:
        config.include("pyramid_mailer")
    registry.post = Postman(registry)
