"""The verbs of the plugin."""
