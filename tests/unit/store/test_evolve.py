from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from BTrees.LOBTree import LOBTree
from hypothesis import given
from hypothesis import strategies as st
from persistent.mapping import PersistentMapping
from ZODB.DB import DB

from modou.clock import SystemClock
from modou.declarations import EvolveStep
from modou.errors import ConfigurationError
from modou.store import evolve
from modou.store.opening import open_database


def step(
    name: str, run: Any = lambda root, report: None, after: tuple[str, ...] = ()
) -> EvolveStep:
    return EvolveStep(name, f"title of {name}", run, after)


def quiet(_step: evolve.Step, _text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DB]:
    with closing(open_database(f"file://{tmp_path}/Data.fs")) as database:
        yield database


def run(database: DB, declared: evolve.Declared, **options: Any) -> list[str]:
    done = evolve.run_open_steps(database, declared, SystemClock(), quiet, **options)
    return [s.path for s in done]


def meet(database: DB, declared: evolve.Declared) -> None:
    with database.transaction() as connection:
        evolve.welcome(connection.root(), list(declared), declared, 1000)


def waiting(database: DB, declared: evolve.Declared) -> list[str]:
    with database.transaction() as connection:
        return [s.path for s in evolve.open_steps(connection.root(), declared)]


class TestOrder:
    def test_a_step_comes_after_those_that_it_names(self) -> None:
        declared = {"quiz": [step("c", after=("a", "b")), step("b", after=("a",)), step("a")]}
        assert [s.path for s in evolve.ordered(declared)] == ["quiz.a", "quiz.b", "quiz.c"]

    @given(st.permutations(range(7)), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
    def test_any_order_of_declaration_gives_a_right_one(
        self, order: list[int], edges: set[tuple[int, int]]
    ) -> None:
        before: dict[int, list[int]] = {n: [a for a, b in edges if b == n and a < n] for n in order}
        steps = [step(f"s{n}", after=tuple(f"s{a}" for a in before[n])) for n in order]
        found = [s.declared.name for s in evolve.ordered({"quiz": steps})]
        assert sorted(found) == [f"s{n}" for n in range(7)]
        for number, names in before.items():
            for name in names:
                assert found.index(f"s{name}") < found.index(f"s{number}")

    @pytest.mark.parametrize(
        ("steps", "names"),
        [
            ([step("a", after=("b",)), step("b", after=("a",))], "a"),
            ([step("a", after=("gone",))], "'gone'"),
            ([step("a"), step("a")], "two evolve steps"),
        ],
    )
    def test_what_cannot_be_ordered_is_refused(self, steps: list[EvolveStep], names: str) -> None:
        with pytest.raises(ConfigurationError, match=names):
            evolve.ordered({"quiz": steps})


class TestRecord:
    def test_a_plugin_that_is_new_has_nothing_to_do(self, database: DB) -> None:
        declared = {"quiz": [step("a")]}
        meet(database, declared)
        assert waiting(database, declared) == []
        meet(database, {**declared, "poll": [step("x"), step("y")]})
        assert waiting(database, {**declared, "poll": [step("x"), step("y")]}) == []

    def test_a_later_step_is_open_and_stops_the_start(self, database: DB) -> None:
        meet(database, {"quiz": []})
        declared = {"quiz": [step("a")]}
        meet(database, declared)
        assert waiting(database, declared) == ["quiz.a"]
        with (
            pytest.raises(ConfigurationError, match=r"quiz\.a.*modou evolve"),
            database.transaction() as connection,
        ):
            evolve.refuse_open_steps(connection.root(), declared)

    def test_meeting_what_is_known_writes_nothing(self, database: DB) -> None:
        meet(database, {"quiz": [step("a")]})
        before = database.lastTransaction()
        with database.transaction() as connection:
            assert evolve.welcome(connection.root(), ["quiz"], {}, 2000) == []
        assert database.lastTransaction() == before

    def test_records_of_steps_that_are_gone_stay(self, database: DB) -> None:
        meet(database, {"quiz": [step("a"), step("b")], "poll": [step("x")]})
        assert waiting(database, {"quiz": [step("b")]}) == []
        with database.transaction() as connection:
            found = [f.path for f in evolve.finished(connection.root())]
        assert found == ["poll.x", "quiz.a", "quiz.b"]


class TestRunning:
    def test_it_runs_each_once_in_order_and_records_when(self, database: DB) -> None:
        ran: list[str] = []

        def note(name: str) -> Any:
            def change(root: Any, report: Any) -> None:
                ran.append(name)
                root[name] = True

            return change

        meet(database, {"quiz": []})
        declared = {"quiz": [step("b", note("b"), after=("a",)), step("a", note("a"))]}
        assert run(database, declared) == ["quiz.a", "quiz.b"]
        assert run(database, declared) == []
        assert ran == ["a", "b"]
        with database.transaction() as connection:
            assert connection.root()["a"]
            records = list(evolve.finished(connection.root()))
        assert {(r.name, r.how) for r in records} == {("a", "run"), ("b", "run")}
        assert all(abs(r.when - SystemClock().seconds()) < 60 for r in records)

    def test_a_dry_run_runs_all_and_changes_nothing(self, database: DB) -> None:
        def first(root: Any, report: Any) -> None:
            root["made"] = PersistentMapping(n=1)

        def second(root: Any, report: Any) -> Iterator[None]:
            root["made"]["n"] += 1
            yield
            assert root["made"]["n"] == 2
            report("seen")

        meet(database, {"quiz": []})
        declared = {"quiz": [step("a", first), step("b", second, after=("a",))]}
        before = database.lastTransaction()
        said: list[str] = []
        evolve.run_open_steps(
            database, declared, SystemClock(), lambda _s, text: said.append(text), dry_run=True
        )
        assert said == ["", "", "seen"]
        assert database.lastTransaction() == before
        assert waiting(database, declared) == ["quiz.a", "quiz.b"]

    def test_batches_stay_when_a_later_one_fails_and_the_step_runs_again(
        self, database: DB
    ) -> None:
        with database.transaction() as connection:
            tree = connection.root()["tree"] = LOBTree()
            for number in range(100):
                tree[number] = PersistentMapping(old=number)
        broken = [True]

        def move(root: Any, report: Any) -> Iterator[None]:
            todo = [v for v in root["tree"].values() if "old" in v]
            for start in range(0, len(todo), 10):
                for value in todo[start : start + 10]:
                    if value["old"] == 55 and broken:
                        raise RuntimeError("the power went")
                    value["new"] = value.pop("old")
                yield

        meet(database, {"quiz": []})
        declared = {"quiz": [step("move", move), step("never", after=("move",))]}
        with pytest.raises(evolve.StepFailed, match=r"quiz\.move failed: RuntimeError: the power"):
            run(database, declared)
        with database.transaction() as connection:
            moved = [n for n, v in connection.root()["tree"].items() if "new" in v]
        assert moved == list(range(50))
        assert waiting(database, declared) == ["quiz.move", "quiz.never"]
        broken.clear()
        assert run(database, declared) == ["quiz.move", "quiz.never"]
        with database.transaction() as connection:
            assert [v["new"] for v in connection.root()["tree"].values()] == list(range(100))

    def test_a_step_that_fails_leaves_nothing_of_itself(self, database: DB) -> None:
        def fail(root: Any, report: Any) -> None:
            root["half"] = True
            raise KeyError("missing")

        meet(database, {"quiz": []})
        with pytest.raises(evolve.StepFailed):
            run(database, {"quiz": [step("fine"), step("fails", fail, after=("fine",))]})
        with database.transaction() as connection:
            assert "half" not in connection.root()
            assert [f.path for f in evolve.finished(connection.root())] == ["quiz.fine"]
