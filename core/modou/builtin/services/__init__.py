"""The verbs of the built-in plugin: completion rules, prerequisites, contents of its activities."""
