"""The core's own background jobs: mails, rosters, and the cleaning up."""

from modou.declarations import Job
from modou.errors import Invalid
from modou.i18n import _
from modou.services import logins, mailing, retention, rosters, sessions, uploads
from modou.services.jobs import JobContext, history
from modou.services.studying import closing

HOUR = 3600
DAY = 86_400
_BATCH = 500


def seal_journal(context: JobContext) -> None:
    """Seal the days that are over."""
    with context.occasion() as occasion:
        occasion.site.journal.seal(occasion.clock.now())


def archive_journal(context: JobContext) -> None:
    """Move closed months of the journal into archive segments.

    :raises Invalid: parts of it are damaged and stayed where they were
    """
    done = retention.archive(context.access, lambda text: context.progress(0.0, text))
    if done.damaged:
        raise Invalid(_("The journal is damaged: run modou journal verify."))


def sweep_sessions(context: JobContext) -> None:
    """Drop sessions that ended by themselves and failed sign-ins that no longer count."""
    config, after = context.access.config, b""
    while True:
        context.check()
        with context.occasion() as occasion:
            _count, after = sessions.sweep(
                occasion, config["session_idle"], config["session_longest"], after
            )
        if not after:
            break
    while True:
        context.check()
        with context.occasion() as occasion:
            _count, after = logins.sweep_failures(occasion, after)
        if not after:
            break


def sweep_uploads(context: JobContext) -> None:
    """Delete uploads that nobody has continued or used."""
    access = context.access
    uploads.sweep(access.uploads, access.clock.seconds())


def close_lost_sessions(context: JobContext) -> None:
    """Close study sessions that ended while the process which knew of them was killed."""
    after = 0
    while True:
        context.check()
        with context.occasion() as occasion:
            _count, after = closing.close_all_silent(occasion, after)
        if not after:
            break


def drop_old_rosters(context: JobContext) -> None:
    """Drop what old rosters hold about people."""
    with context.occasion() as occasion:
        rosters.discard_old(occasion)


def drop_old_jobs(context: JobContext) -> None:
    """Drop jobs that ended long ago."""
    while True:
        context.check()
        with context.occasion() as occasion:
            if history.drop_old(occasion, _BATCH) < _BATCH:
                break


JOBS = (
    Job(
        mailing.JOB,
        _("Send a mail"),
        mailing.deliver,
        retries=6,
        pause=20,
        secret=True,
        keep=0,
    ),
    Job(rosters.JOB, _("Check or take a roster"), rosters.run, pause=5, long=True),
    Job("seal_journal", _("Seal yesterday's journal"), seal_journal, at="00:10"),
    Job(
        "archive_journal",
        _("Archive closed months of the journal"),
        archive_journal,
        at="02:10",
        long=True,
    ),
    Job("sweep_sessions", _("Drop sessions that ended"), sweep_sessions, every=HOUR, keep=DAY),
    Job(
        "close_lost_sessions",
        _("Close study sessions that were lost"),
        close_lost_sessions,
        every=900,
        keep=HOUR,
    ),
    Job("sweep_uploads", _("Delete abandoned uploads"), sweep_uploads, every=HOUR, keep=DAY),
    Job("drop_old_rosters", _("Drop the rows of old rosters"), drop_old_rosters, at="03:20"),
    Job("drop_old_jobs", _("Drop old jobs from the list"), drop_old_jobs, at="03:40", keep=DAY),
)
