"""Mail: letters of the services become messages of pyramid_mailer, once their change is durable.

`modou.mail = smtp` sends from a thread of its own, so that nobody waits for the mail server and
nobody can tell from the duration of an answer whether a mail was sent. `console` prints, for
development.
"""

import logging
import sys
import time
from functools import lru_cache
from queue import SimpleQueue
from smtplib import SMTPException
from threading import Lock, Thread
from typing import Any

from pyramid.config import Configurator
from pyramid.i18n import Localizer, make_localizer
from pyramid.interfaces import ITranslationDirectories
from pyramid.registry import Registry
from pyramid_mailer.interfaces import IMailer
from pyramid_mailer.mailer import DummyMailer
from pyramid_mailer.message import Message

from modou.services.letters import Letter
from modou.web.i18n import LOCALES, translate

log = logging.getLogger(__name__)

#: Seconds to wait before a letter is tried again.
RETRIES = (5, 60)


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
    """The site's `Post`: translates a letter and has it sent.

    :param at_once: send in the caller's thread
    """

    def __init__(self, registry: Registry, at_once: bool) -> None:
        self._registry = registry
        self._at_once = at_once
        self._queue: SimpleQueue[tuple[Any, Message]] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()
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
        mailer = self._registry.getUtility(IMailer)
        if self._at_once:
            mailer.send_immediately(message)
            return
        self._queue.put((mailer, message))
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="modou-mail", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            _deliver(*self._queue.get())

    def _make_localizer(self, locale: str) -> Localizer:
        directories = self._registry.queryUtility(ITranslationDirectories, default=[])
        return make_localizer(locale, directories)


def _deliver(mailer: Any, message: Message) -> None:
    for pause in (*RETRIES, None):
        try:
            mailer.send_immediately(message)
        except (SMTPException, OSError) as error:
            # Addresses stay out of the log: the mail server's own log has them.
            log.warning("a mail could not be sent: %s", type(error).__name__)
            if pause is not None:
                time.sleep(pause)
        else:
            return
    log.error("a mail was given up after %d tries: %s", len(RETRIES) + 1, message.subject)


def includeme(config: Configurator) -> None:
    registry = config.registry
    console = registry.modou_config["mail"] == "console"
    if console:
        registry.registerUtility(ConsoleMailer(), IMailer)
    else:
        config.include("pyramid_mailer")
    registry.post = Postman(registry, at_once=console)
