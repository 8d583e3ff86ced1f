"""The theme's macros and error pages, rendered as the application does: strict, escaped."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from webob.multidict import MultiDict
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    validators,
)

TEMPLATES = Path(__file__).parents[2] / "themes" / "modou" / "templates"
ERRORS = sorted(p.stem for p in (TEMPLATES / "errors").glob("[0-9]*.jinja2"))


def translate(message: str, mapping: dict[str, Any] | None = None) -> str:
    for name, value in (mapping or {}).items():
        message = message.replace("${" + name + "}", str(value))
    return message


@pytest.fixture(scope="module")
def environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = translate
    return environment


class Elements(HTMLParser):
    """All start tags of a page as (tag, attributes), and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def find(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    @property
    def ids(self) -> list[str]:
        return [i for _tag, attributes in self.tags if (i := attributes.get("id"))]


def render(environment: Environment, source: str, **values: Any) -> Elements:
    return Elements(environment.from_string(source).render(**values))


# -- forms


class Address(Form):
    city = StringField("City", [validators.InputRequired("Name the city")])


class Everything(Form):
    name = StringField("Name", [validators.InputRequired("Name it")], description="As on the card")
    password = PasswordField("Password")
    hours = IntegerField("Hours", [validators.NumberRange(1, 9, "1 to 9")])
    level = SelectField("Level", choices=[SelectChoice("5", "Five")])
    method = RadioField("Method", choices=[SelectChoice("self"), SelectChoice("key")])
    visible = BooleanField("Visible", description="In the catalogue")
    cover = FileField("Cover")
    summary = TextAreaField("Summary")
    address = FormField(Address)
    aliases = FieldList(StringField("Alias"), min_entries=2)
    revision = HiddenField()


@pytest.fixture(scope="module")
def invalid(environment: Environment) -> Elements:
    form = Everything(MultiDict({"name": "", "hours": "12", "level": "5", "method": "key"}))
    assert not form.validate()
    source = (
        '{% import "macros/forms.jinja2" as forms %}'
        "{{ forms.error_summary(form) }}{{ forms.fields(form) }}"
    )
    return render(environment, source, form=form)


class TestForms:
    def test_it_labels_every_control(self, invalid: Elements) -> None:
        labelled = {attributes["for"] for attributes in invalid.find("label")}
        controls = {
            attributes["id"]
            for attributes in invalid.find("input", "select", "textarea")
            if attributes.get("type") != "hidden"
        }
        assert len(controls) == 12  # one per field, two for the radio buttons and the aliases
        assert controls <= labelled

    def test_it_describes_controls_by_texts_that_exist(self, invalid: Elements) -> None:
        described = {
            name
            for _tag, attributes in invalid.tags
            for name in (attributes.get("aria-describedby") or "").split()
        }
        assert {"name-help", "name-errors", "hours-errors", "visible-help"} <= described
        assert described <= set(invalid.ids)
        assert len(invalid.ids) == len(set(invalid.ids))

    def test_it_marks_what_is_wrong_and_only_that(self, invalid: Elements) -> None:
        wrong = {
            attributes["id"]
            for attributes in invalid.find("input", "select", "textarea")
            if attributes.get("aria-invalid") == "true"
        }
        assert wrong == {"name", "hours", "address-city"}

    def test_the_summary_links_to_each_wrong_field_also_inside_groups(
        self, invalid: Elements
    ) -> None:
        links = [attributes["href"] for attributes in invalid.find("a")]
        assert links == ["#name", "#hours", "#address-city"]
        assert {link[1:] for link in links if link} <= set(invalid.ids)

    def test_a_form_without_errors_has_no_summary(self, environment: Environment) -> None:
        source = '{% import "macros/forms.jinja2" as forms %}{{ forms.error_summary(form) }}'
        assert render(environment, source, form=Everything()).tags == []

    def test_it_hands_attributes_to_the_control(self, environment: Environment) -> None:
        source = (
            '{% import "macros/forms.jinja2" as forms %}'
            '{{ forms.field(form.name, autocomplete="name", class_="wide") }}'
        )
        (control,) = render(environment, source, form=Everything()).find("input")
        assert control["autocomplete"] == "name"
        assert control["class"] == "form-control wide"

    def test_text_of_people_is_escaped(self, environment: Environment) -> None:
        form = Everything(MultiDict({"name": '"><script>alert(1)</script>'}))
        source = '{% import "macros/forms.jinja2" as forms %}{{ forms.field(form.name) }}'
        assert render(environment, source, form=form).find("script") == []


# -- lists and tables


class Pages:
    total = 358
    first, last = 41, 60
    pages = 18

    def __init__(self, page: int) -> None:
        self.page = page

    def href(self, number: int) -> str:
        return f"?page={number}"


PAGINATION = '{% import "macros/tables.jinja2" as tables %}{{ tables.pagination(pager) }}'


@pytest.mark.parametrize(
    ("page", "links"),
    [
        (1, ["?page=2", "?page=18", "?page=2"]),
        (3, ["?page=2", "?page=1", "?page=2", "?page=4", "?page=18", "?page=4"]),
        (18, ["?page=17", "?page=1", "?page=17"]),
    ],
)
def test_pagination_leads_to_neighbours_first_and_last(
    environment: Environment, page: int, links: list[str]
) -> None:
    html = render(environment, PAGINATION, pager=Pages(page))
    assert [attributes["href"] for attributes in html.find("a")] == links
    assert "41–60 of 358" in html.text


def test_pagination_of_a_cursor_list_has_two_links(environment: Environment) -> None:
    pager = {"previous_href": "?before=7", "next_href": "?after=9"}
    html = render(environment, PAGINATION, pager=pager)
    assert [attributes["href"] for attributes in html.find("a")] == ["?before=7", "?after=9"]


@pytest.mark.parametrize(
    ("sort", "state", "href"),
    [("name", "ascending", "?-name"), ("-name", "descending", "?name"), ("date", None, "?name")],
)
def test_a_heading_shows_its_order_and_turns_it_round(
    environment: Environment, sort: str, state: str | None, href: str
) -> None:
    source = (
        '{% import "macros/tables.jinja2" as tables %}{{ tables.th("Name", "name", sort, href) }}'
    )
    html = render(environment, source, sort=sort, href=lambda key: f"?{key}")
    assert html.find("th")[0].get("aria-sort") == state
    assert html.find("a")[0]["href"] == href


# -- courses

ROW = '{% import "macros/course.jinja2" as course %}{{ course.activity_row(activity) }}'


def test_a_locked_activity_has_no_link_and_says_why(environment: Environment) -> None:
    activity = {"title": "Quiz", "type": "quiz", "state": "locked", "reason": "Finish page 1"}
    html = render(environment, ROW, activity={**activity, "href": None})
    assert html.find("a") == []
    assert "Locked" in html.text
    assert "Finish page 1" in html.text


@pytest.mark.parametrize(
    "state", ["open", "started", "done", "failed", "locked", "pending", "unavailable"]
)
def test_every_state_has_a_mark_of_its_own_and_a_word(environment: Environment, state: str) -> None:
    source = '{% import "macros/course.jinja2" as course %}{{ course.state_mark(state) }}'
    html = render(environment, source, state=state)
    assert html.find("span")[0]["data-state"] == state
    assert html.text.strip()
    assert html.text != state


def test_a_course_card_needs_only_title_and_address(environment: Environment) -> None:
    source = '{% import "macros/course.jinja2" as course %}{{ course.course_card(one) }}'
    html = render(environment, source, one={"title": "<b>Welding</b>", "href": "/courses/1"})
    assert html.find("a") == [{"href": "/courses/1"}]
    assert "<b>Welding</b>" in html.text  # as text, not as markup
    assert html.find("b") == []


def test_progress_tells_a_complete_line_from_an_unfinished_one(environment: Environment) -> None:
    source = (
        '{% import "macros/ui.jinja2" as ui %}'
        '{{ ui.progress(0.5, 1, "Half") }}{{ ui.progress(1, 1, "Whole") }}{{ ui.progress(0, 0) }}'
    )
    half, whole, nothing = render(environment, source).find("progress")
    assert "data-complete" not in half
    assert "data-complete" in whole
    assert "data-complete" not in nothing
    assert nothing["max"] == "1"


@pytest.mark.parametrize(
    ("name", "same_as"),
    [("讲义.PDF", "a.pdf"), ("application/pdf", "a.pdf"), ("image/webp", "b.png")],
)
def test_file_icons_go_by_ending_or_media_type(
    environment: Environment, name: str, same_as: str
) -> None:
    source = '{% from "macros/icons.jinja2" import file_icon %}{{ file_icon(name) }}'
    template = environment.from_string(source)
    assert template.render(name=name) == template.render(name=same_as)
    assert template.render(name=name) != template.render(name="unknown.xyz")


# -- errors


@pytest.mark.parametrize("status", ERRORS)
def test_error_pages_need_nothing_but_a_status(environment: Environment, status: str) -> None:
    template = environment.get_template(f"errors/{status}.jinja2")
    html = Elements(template.render(status=int(status)))
    assert html.find("h1")
    assert html.find("link") == []
    assert status in html.text


def test_an_error_page_shows_what_it_is_given(environment: Environment) -> None:
    html = Elements(
        environment.get_template("errors/error.jinja2").render(
            status=418,
            title="No coffee",
            message="This is <a> teapot",
            request_id="7f3a",
            home="/start",
            locale="en",
            static=lambda path: f"/static/1/{path}",
        )
    )
    assert html.find("html")[0]["lang"] == "en"
    assert "No coffee" in html.text
    assert "This is <a> teapot" in html.text
    assert "7f3a" in html.text
    assert [attributes["href"] for attributes in html.find("a")] == ["/start"]
    assert "/static/1/css/modou.css" in [attributes["href"] for attributes in html.find("link")]
