"""Whose log a thread writes to."""

import os
import secrets
import threading
from typing import ClassVar

_local = threading.local()


class _Writer:
    """A thread's part in writing. When the thread ends, another one may go on with its log: a
    server whose threads come and go must not leave a log behind for each."""

    _free: ClassVar[dict[int, list[str]]] = {}

    def __init__(self) -> None:
        self.pid = os.getpid()
        try:
            self.name = self._free.get(self.pid, []).pop()
        except IndexError:
            self.name = f"{self.pid:x}-{secrets.token_hex(6)}"

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self._free.setdefault(self.pid, []).append(self.name)


def writer_name() -> str:
    """The name of this thread's log, which no other thread has meanwhile; new with every process,
    also with a forked one."""
    writer: _Writer | None = getattr(_local, "writer", None)
    if writer is None or writer.pid != os.getpid():
        writer = _local.writer = _Writer()
    return writer.name
