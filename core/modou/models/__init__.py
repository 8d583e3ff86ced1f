"""Persistent nouns and their invariants. No request, no hooks, no clock.

Class paths in here are stored in databases for ever: a class that moves leaves an alias behind
(`tests/house/stored_names.txt` lists them and may only grow).
"""
