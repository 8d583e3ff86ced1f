"""Mails printed to the console instead of being sent: for development."""

import sys

from pyramid.config import Configurator
from pyramid_mailer.interfaces import IMailer
from pyramid_mailer.mailer import DummyMailer
from pyramid_mailer.message import Message


class ConsoleMailer(DummyMailer):
    """Prints each message once it is sent, and keeps it in `outbox`."""

    def send(self, message: Message, fail_silently: bool = False) -> None:
        super().send(message)
        lines = (
            "-" * 72,
            f"To: {', '.join(message.recipients)}",
            f"Subject: {message.subject}",
            "",
            str(message.body or ""),
            "-" * 72,
        )
        sys.stderr.write("\n".join(lines) + "\n")


def includeme(config: Configurator) -> None:
    config.registry.registerUtility(ConsoleMailer(), IMailer)
