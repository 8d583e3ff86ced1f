"""`modou builtin …`: commands of the built-in plugin, mounted by the hook `cli_commands`.

A plugin's commands are mounted in the same way; ``@click.pass_obj`` gives them the `SiteAccess`.
"""

import click

from modou.services.access import SiteAccess


@click.command()
@click.pass_obj
def orphans(access: SiteAccess) -> None:
    """List activities whose plugin is not enabled or whose content is gone.

    They show as unavailable in their courses; nothing is changed.
    """
    found = 0
    with access.occasion() as occasion:
        types = occasion.assembled.activity_types
        for course in occasion.site.courses:
            for activity in course.ordered_activities():
                kind = types.get(activity.type)
                if kind is None:
                    why = f"no enabled plugin brings activities of the type {activity.type}"
                elif kind.content(occasion.site, activity) is None:
                    why = "its content is gone"
                else:
                    continue
                found += 1
                name = course.code or course.key
                click.echo(f"{name}  {course.title} / {activity.title}: {why}")
    click.echo(
        f"{found} activities." if found else "Every activity has its plugin and its content."
    )


COMMANDS = (orphans,)
