"""The journal: an append-only log of facts, written in the transaction of the change they tell.

Writers never meet: each committing thread of each process has a log of its own, and puts one
batch of events per commit into it::

    journal.logs        OOBTree: writer name -> Log
      log.batches       LOBTree: sequence number -> Batch
        batch.records   one canonical JSON text per event
      log.segments    LOBTree: number of its first batch -> Segment, a closed month in a blob
    journal.seals       OOBTree: day -> Seal

What can be shown with it:

- every batch carries the Merkle root of its events (RFC 6962, section 2.1) and a digest over that
  root and the batch before it: whoever changes, drops or reorders an event in the past breaks the
  chain (`verify` names the place);
- a daily *seal* covers the ends of all logs: whoever drops the end of a log breaks the seal;
- that one event was recorded can be proved without showing another (`prove`).

Closed months move into compressed segments (`Log.archive`), with everything that proves them; what
is older than its retention is deleted segment by segment (`Log.expire`), and the chain goes on from
the end of what was deleted. Readers notice neither.
"""

from modou.store.journal.digests import ALGORITHMS, Proof, check_proof
from modou.store.journal.logs import Batch, DamagedBatch, Journal, Log, Place, Seal
from modou.store.journal.records import decode, kind_of
from modou.store.journal.segments import DamagedSegment, Segment
from modou.store.journal.verifying import EXPIRED, Fault, Report, verify
from modou.store.journal.writers import writer_name

__all__ = [
    "ALGORITHMS",
    "EXPIRED",
    "Batch",
    "DamagedBatch",
    "DamagedSegment",
    "Fault",
    "Journal",
    "Log",
    "Place",
    "Proof",
    "Report",
    "Seal",
    "Segment",
    "check_proof",
    "decode",
    "kind_of",
    "verify",
    "writer_name",
]
