"""What becomes of jobs that ended: listed for a while, then dropped; and encrypting values anew."""

import json
from itertools import islice

from modou.models.jobs import DONE
from modou.services import jobs
from modou.services.occasion import Occasion

#: Seconds for which jobs that failed or were cancelled are listed.
FAILED_KEPT = 30 * 86_400


def drop_old(occasion: Occasion, limit: int) -> int:
    """Drop up to `limit` jobs that ended long enough ago; how many."""
    store = jobs.store(occasion)
    found = []
    for id in store.ended.values():
        record = store.records.get(id)
        if record is None:
            continue
        job = occasion.assembled.jobs.get(record.name)
        kept = job.keep if job is not None and record.state == DONE else FAILED_KEPT
        if record.ended + kept <= occasion.now:
            found.append(record)
            if len(found) == limit:
                break
    for record in found:
        store.drop(record)
    return len(found)


def reencrypt(occasion: Occasion, after: int, limit: int) -> int:
    """Encrypt the values of secret jobs with the current key, a batch.

    :return: the last id that was looked at, to go on from; -1 at the end
    """
    last = -1
    for id, record in islice(jobs.store(occasion).records.items(after + 1), limit):
        last = id
        if isinstance(record.values, bytes) and occasion.keys.needs_rotation(record.values):
            text = json.dumps(jobs.values_of(occasion, record), ensure_ascii=False)
            record.values = occasion.keys.encrypt(text, jobs.secret_context(record.id))
    return last
