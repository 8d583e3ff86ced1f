"""Persistent nouns and their invariants: they know no request, no hooks and no clock."""
