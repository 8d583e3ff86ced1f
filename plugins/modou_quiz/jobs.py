"""What goes on behind the pages."""

from modou.declarations import Job

JOBS: tuple[Job, ...] = ()
