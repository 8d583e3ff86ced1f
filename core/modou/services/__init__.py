"""The verbs: plain functions that take an `Occasion` first. They know no request.

They check what the actor may do, ask the hooks, change the models and record the events. Views,
commands and plugins call them; nothing else changes a site.
"""
