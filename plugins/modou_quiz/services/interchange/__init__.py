"""Questions come from files and go into files: `finding` has what both directions need,
`reading` makes the report of a file (nothing is changed by it), `taking` makes questions of what
was chosen, `exporting` writes files."""
