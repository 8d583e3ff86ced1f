"""The background work of a process, for `modou serve` and `modou worker`."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from modou.services.jobs.running import Runner
from modou.services.jobs.worker import Worker
from modou.services.telling import TellingThread

log = logging.getLogger(__name__)

#: Seconds that what runs has to come to its end when the process is told to stop.
GRACE = 20


@contextmanager
def background(registry: Any, long: int = 1) -> Iterator[None]:
    """Do the background work of the application with this registry meanwhile, in threads: its jobs,
    and telling plugins what happened.

    :param long: threads for long jobs
    """
    # Nobody else can have a FileStorage open.
    alone = registry.settings["zodbconn.uri"].startswith("file:")
    worker = Worker(Runner(registry.access), registry.queue, long=long, alone=alone)
    with closing(TellingThread(registry.access)):
        worker.start()
        try:
            yield
        finally:
            if not worker.stop(GRACE):
                log.warning("a job runs on after %d seconds; it is begun again later", GRACE)


@contextmanager
def working(registry: Any) -> Iterator[None]:
    """The same, when the .ini wants it in the processes that serve."""
    if registry.modou_config["jobs"] != "inside":
        yield
        return
    with background(registry):
        yield
