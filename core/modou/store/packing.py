"""Packing: old versions and garbage go."""

from ZODB.DB import DB

from modou.store.places import Place, PostgresPlace


def pack(database: DB, place: Place, days: int = 0) -> None:
    """Pack `database`, which is at `place`.

    :param days: whose old versions are kept
    """
    if isinstance(place, PostgresPlace):
        # RelStorage (4.3.0) keeps for the next time what it found out about each object. For one
        # that changed since, it writes the new line before it deletes the old one, and fails, as
        # soon as there are some hundred of them. So it finds everything out anew.
        with place.cursor() as cursor:
            cursor.execute("TRUNCATE object_ref, object_refs_added")
    database.pack(days=days)
