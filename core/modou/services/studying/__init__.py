"""Study time: opening players, taking beats, gates, closing, totals, corrections, appeals.

`crediting` says what a beat is worth, as a pure function; the other rooms keep what it came to. The
rules and their reasons: docs/explanation/study-time.md.

    policies      what a course allows and asks for
    tokens        what a player shows with each beat
    sittings      a session with all that belongs to it at hand; who may go on
    opening       a page opens a player
    beating       beats, resuming, leaving
    gates         credit under reserve: passing, failing, challenges
    idle          the built-in gate: is anybody there?
    closing       how sessions end
    totals        sums and class hours
    corrections   changes of confirmed credit, by two people
    appeals       learners object
    reading       what teachers and learners look up
    shapes        the JSON of the protocol
"""
