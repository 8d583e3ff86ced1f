"""What a job gets while it runs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

from transaction.interfaces import TransientError

from modou.errors import Message
from modou.models.jobs import JobRecord
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed

#: Seconds between two looks at the record, or two notes of progress.
_OFTEN = 1.0


class Interrupted(Exception):
    """Stop now: somebody cancelled the job, the worker is being stopped, or the job is in other
    hands. Let it through."""


class JobContext:
    """One try of one job.

    :ivar values: what `enqueue` was given
    :ivar actor: id of the user who asked for it, 0 for the system
    :ivar tries: the number of this try, from 1
    :ivar access: the site, for verbs that make occasions of their own
    """

    def __init__(
        self,
        access: SiteAccess,
        record: JobRecord,
        values: Mapping[str, Any],
        stopping: Event,
        *,
        sleep_between: float = _OFTEN,
    ) -> None:
        self.access = access
        self.id = record.id
        self.key = record.key
        self.name = record.name
        self.actor = record.actor
        self.tries = record.tries
        self.values = values
        self._holder = record.holder
        self._stopping = stopping
        self._pause = sleep_between
        self._looked = self._noted = 0.0
        self._shown: tuple[float, Any] = (-1.0, "")
        #: The job was told to stop.
        self.told = False

    @contextmanager
    def occasion(self, actor: int = 0) -> Iterator[Occasion]:
        """An occasion in a transaction of its own that is committed only while the job is in this
        worker's hands, so that a worker which was taken for dead changes nothing any more.

        :param actor: id of the user in whose name it acts; 0: the system
        :raises Interrupted: the job is in other hands
        """
        with self.access.occasion(actor) as occasion:
            record = self._own(occasion)
            # The commit fails when somebody else changed the record meanwhile.
            record._p_jar.readCurrent(record)  # noqa: SLF001 - persistent's own name
            yield occasion

    def progress(self, fraction: float, text: Message = "") -> None:
        """Note how far it is, for those who wait; written once a second at most.

        :param fraction: 0 to 1
        """
        now = time.monotonic()
        shown = (min(1.0, max(0.0, fraction)), packed(text))
        if shown == self._shown or now - self._noted < self._pause:
            return
        self._noted, self._shown = now, shown

        def note(occasion: Occasion) -> None:
            progress = self._own(occasion).progress
            progress.fraction, progress.text = shown
            progress.beat = occasion.now

        # The next note makes up for one that met another writer.
        with suppress(TransientError), self.access.occasion() as occasion:
            note(occasion)

    def cancelled(self) -> bool:
        """Whether to stop: somebody cancelled it, the worker is being stopped, or the job is in
        other hands. Look often; it costs hardly anything."""
        if self._stopping.is_set():
            self.told = True
        now = time.monotonic()
        if not self.told and now - self._looked >= self._pause:
            self._looked = now
            with self.access.occasion() as occasion:
                record = occasion.site.jobs.records.get(self.id)
                self.told = record is None or record.holder != self._holder or record.cancelling
        return self.told

    def check(self) -> None:
        """:raises Interrupted: when `cancelled`"""
        if self.cancelled():
            raise Interrupted

    def _own(self, occasion: Occasion) -> JobRecord:
        record: JobRecord | None = occasion.site.jobs.records.get(self.id)
        if record is None or record.holder != self._holder:
            self.told = True
            raise Interrupted
        return record

    def beat(self) -> None:
        """A sign of life; called by the worker's own thread."""
        with suppress(TransientError, Interrupted), self.access.occasion() as occasion:
            self._own(occasion).progress.beat = occasion.now


Run = Callable[[JobContext], None]
