"""Evolution: named steps that bring stored data up to what the code expects.

Prefer no step at all: a new attribute is a default on its class, a moved class leaves an alias.
Where data must change, a plugin (the built-in one for the core) declares an `EvolveStep`. What was
done is recorded in the database::

    root["modou.evolve"]                OOBTree: plugin -> its record
      ["quiz"]                          OOBTree: step -> (seconds UTC, how it came to be done)
        ["split_attempts"]              (1772413200, "run")

A plugin without a record is new to this database: none of its data is old, so all its steps are
done ("new"). That holds for a fresh site as well as for a plugin that is first enabled on an old
one. Records of steps that no longer exist, or of plugins that are not enabled, stay as they are.
"""

import graphlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import transaction
from BTrees.OOBTree import OOBTree
from ZODB.Connection import Connection
from ZODB.DB import DB

from modou.clock import Clock
from modou.declarations import EvolveStep
from modou.errors import ConfigurationError

#: Key of the record in the database's root.
EVOLVE_KEY = "modou.evolve"
#: Plugin -> the steps that it declares, plugins in the order of the .ini.
Declared = Mapping[str, Sequence[EvolveStep]]
Report = Callable[[str], None]


class StepFailed(Exception):
    """A step ended with an exception, which is the cause. What it had not committed is undone."""

    def __init__(self, step: "Step", error: Exception) -> None:
        super().__init__(f"the evolve step {step.path} failed: {type(error).__name__}: {error}")
        self.step = step


@dataclass(frozen=True, slots=True)
class Step:
    """A declared step and the plugin that it belongs to."""

    plugin: str
    declared: EvolveStep

    @property
    def path(self) -> str:
        """Its full name, e.g. "quiz.split_attempts"."""
        return f"{self.plugin}.{self.declared.name}"


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that is done. `when`: seconds UTC; `how`: "run", or "new" for a new plugin's."""

    plugin: str
    name: str
    when: int
    how: str

    @property
    def path(self) -> str:
        return f"{self.plugin}.{self.name}"


def ordered(declared: Declared) -> list[Step]:
    """All steps, plugin by plugin, each after the steps that it names in `after`.

    :raises ConfigurationError: a name twice, an unknown name in `after`, a circle
    """
    steps: list[Step] = []
    for plugin, own in declared.items():
        by_name = {step.name: step for step in own}
        if len(by_name) != len(own):
            raise ConfigurationError(f"plugin {plugin} declares two evolve steps of one name")
        for step in own:
            for before in step.after:
                if before not in by_name:
                    raise ConfigurationError(
                        f"plugin {plugin}: the evolve step {step.name} comes after {before!r}, "
                        f"which does not exist. Steps: {', '.join(by_name)}"
                    )
        sorter = graphlib.TopologicalSorter({step.name: step.after for step in own})
        try:
            steps += [Step(plugin, by_name[name]) for name in sorter.static_order()]
        except graphlib.CycleError as error:
            circle = " -> ".join(error.args[1])
            raise ConfigurationError(
                f"plugin {plugin}: evolve steps wait for each other: {circle}"
            ) from None
    return steps


def welcome(root: Any, plugins: Sequence[str], declared: Declared, now: int) -> list[str]:
    """Begin the records of plugins that are new to the database: all their steps are done.

    Changes nothing, and writes nothing, when none is new. The caller commits.

    :returns: the new ones
    """
    record = root.get(EVOLVE_KEY)
    new = [plugin for plugin in plugins if record is None or plugin not in record]
    if not new:
        return []
    if record is None:
        record = root[EVOLVE_KEY] = OOBTree()
    for plugin in new:
        record[plugin] = OOBTree({step.name: (now, "new") for step in declared.get(plugin, ())})
    return new


def open_steps(root: Any, declared: Declared) -> list[Step]:
    """The steps that have not been done, in the order in which they must run."""
    record = root.get(EVOLVE_KEY, {})
    return [s for s in ordered(declared) if s.declared.name not in record.get(s.plugin, ())]


def finished(root: Any) -> Iterator[Finished]:
    """Everything that the record holds, by plugin and name."""
    for plugin, steps in root.get(EVOLVE_KEY, {}).items():
        for name, (when, how) in steps.items():
            yield Finished(plugin, name, when, how)


def refuse_open_steps(root: Any, declared: Declared) -> None:
    """:raises ConfigurationError: when steps are open; names them and the command that runs them"""
    waiting = open_steps(root, declared)
    if waiting:
        names = ", ".join(step.path for step in waiting)
        raise ConfigurationError(
            f"the database is older than this version and needs: {names}. Stop every process of "
            "the site, back it up (modou backup), then run: modou evolve"
        )


def run_open_steps(
    database: DB,
    declared: Declared,
    clock: Clock,
    tell: Callable[[Step, str], None],
    dry_run: bool = False,
) -> list[Step]:
    """Run what is open, step by step; each is recorded with its own last commit.

    A step that is a generator function is committed at each ``yield``, and the object cache is
    emptied: so it goes through a million objects in little memory. When it is interrupted its
    earlier batches stay; it runs from its beginning the next time, hence it must pass over what it
    has done already.

    :param tell: told what a step reports, and "" when it begins
    :param dry_run: run everything in one transaction and undo it
    :returns: the steps that were run
    :raises StepFailed: later steps were not begun
    """
    tm = transaction.TransactionManager(explicit=True)
    tm.begin()
    connection = database.open(transaction_manager=tm)
    try:
        root = connection.root()
        waiting = open_steps(root, declared)
        for step in waiting:
            tell(step, "")
            try:
                _run(step, connection, tell, dry_run)
                root[EVOLVE_KEY][step.plugin][step.declared.name] = (clock.seconds(), "run")
                _keep(step, connection, dry_run)
            except Exception as error:
                raise StepFailed(step, error) from error
            connection.cacheMinimize()
        return waiting
    finally:
        tm.abort()
        connection.close()


def _run(
    step: Step, connection: Connection, tell: Callable[[Step, str], None], dry_run: bool
) -> None:
    def report(text: str) -> None:
        tell(step, text)

    batches = step.declared.run(connection.root(), report)
    for _batch in batches or ():
        _keep(step, connection, dry_run)
        connection.cacheMinimize()


def _keep(step: Step, connection: Connection, dry_run: bool) -> None:
    """Make what was done so far durable, or (dry run) only move it out of memory."""
    tm = connection.transaction_manager
    if dry_run:
        tm.savepoint(optimistic=True)
        return
    tm.get().note(f"evolve {step.path}")
    tm.commit()
    tm.begin()
