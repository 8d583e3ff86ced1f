"""How ZODB is used: opening, containers, files, secrets, evolution, backup. Knows no course."""
