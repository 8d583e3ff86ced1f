"""`modou quiz …`: the plugin's commands."""

from modou_quiz.cli import interchange, recomputing

COMMANDS = (*interchange.COMMANDS, *recomputing.COMMANDS)
