"""Cursors: whatever comes and goes between two pages, what stays is met exactly once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from modou.web.api import ListQuery, listing

ROWS = st.sets(st.tuples(st.text(max_size=3), st.integers(0, 1 << 62)), max_size=30)


def place(row: tuple[str, int]) -> tuple[str, int]:
    return row


@settings(deadline=None)
@given(rows=ROWS, limit=st.integers(1, 7), data=st.data())
def test_what_stays_is_met_exactly_once(
    rows: set[tuple[str, int]], limit: int, data: st.DataObject
) -> None:
    staying = set(rows)
    met: list[tuple[str, int]] = []
    cursor: str | None = None
    while True:
        query = ListQuery(limit=limit, cursor=cursor)
        page, cursor = listing(sorted(rows), place, query)
        assert len(page) <= limit
        met += page
        if cursor is None:
            break
        # Meanwhile some go and others come, anywhere.
        gone = data.draw(st.sets(st.sampled_from(sorted(rows)), max_size=3))
        come = data.draw(ROWS.map(lambda found: set(list(found)[:2])))
        rows = (rows - gone) | come
        staying -= gone
        assert len(met) <= 30 + 60 * 31
    assert len(met) == len(set(met))
    assert staying <= set(met)
