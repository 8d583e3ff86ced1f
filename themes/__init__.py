"""The shipped themes, importable as ``modou_themes`` once installed.

Holds no code: each folder beside this file is a theme (``theme.toml``, template overrides,
``static/``). The package exists so that a wheel can carry the themes; setup.py says how the
application finds them.
"""
