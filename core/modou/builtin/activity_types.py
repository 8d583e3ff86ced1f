"""The built-in activity types: page, file, link."""

from modou.builtin import forms, views
from modou.builtin.services import contents
from modou.declarations import ActivityType
from modou.i18n import _

ACTIVITY_TYPES = (
    ActivityType(
        name="page",
        title=_("Page"),
        description=_("Text with headings, tables and pictures, read in the browser"),
        icon="page",
        form=forms.PageForm,
        context=views.PageContext,
        save=contents.save_page,
        values=contents.page_values,
        content=contents.find,
        delete=contents.delete,
        copy=contents.copy,
    ),
    ActivityType(
        name="file",
        title=_("File"),
        description=_("A PDF, a picture, slides, a table: shown or downloaded"),
        icon="file",
        form=forms.FileForm,
        context=views.FileContext,
        save=contents.save_file,
        values=contents.file_values,
        content=contents.find,
        delete=contents.delete,
        copy=contents.copy,
    ),
    ActivityType(
        name="link",
        title=_("Link"),
        description=_("An address inside or outside of this site"),
        icon="link",
        form=forms.LinkForm,
        context=views.LinkContext,
        save=contents.save_link,
        values=contents.link_values,
        content=contents.find,
        delete=contents.delete,
        copy=contents.copy,
    ),
)
