"""Modou (墨斗): a plugin-extensible learning platform.

The floors, from the ground up (nothing imports upward):

1. `errors`, `i18n`, `clock`, `permissions`, `declarations`, `hookspecs`: words everyone shares
2. `store`, `plugins`: how ZODB is used, how plugins are hosted
3. `models`: persistent nouns and their invariants
4. `services`: the verbs
5. `web` and the plugins: HTTP in, HTML or JSON out
6. `app`: assembly
7. `cli`: the `modou` command
"""

__version__ = "0.1.0"
