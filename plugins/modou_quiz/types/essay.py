"""Essay (论述题, 问答题): a text, files, or both, marked by people."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modou.services import markup
from modou_quiz.content import Rich, tidy
from modou_quiz.forms.words import EssayForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import Essay
from modou_quiz.types.own import OwnType, list_of, no_stem, one, text_of, wrong_shape

#: Longest text in characters: as long as a `Rich` may be.
LONGEST = 100_000
# A Chinese, Japanese or Korean character is a word, and so is a run of other letters and digits.
_WORD = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3040-\u30ff]"
    r"|(?:(?![\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3040-\u30ff])[\w’'-])+"
)
_LINE_ENDS = re.compile(r"(?i)<(?:br\s*/?|/p|/div|/li|/tr|/h[1-6])\s*>")
_FILE_ID = re.compile(r"[0-9a-z]{13}")


def count_words(text: str) -> int:
    """Words of a text, as static/js/types/essay.js counts them."""
    return sum(1 for word in _WORD.findall(text) if word.strip("’'-_"))


def plain_template(template: Rich) -> str:
    """What an answer begins with, as text for a box."""
    if template.markup != "html":
        return template.source
    lines = (markup.plain_text(line) for line in _LINE_ENDS.split(template.source))
    return "\n".join(lines).strip()


class EssayAnswer(OwnType[Essay]):
    """What people have to read."""

    name = "essay"
    asks_for_files = True
    title = _("Essay")
    description = _("A text or files, marked by people with a rubric.")
    icon = "assignment"
    content = Essay
    form = EssayForm
    editor = "modou_quiz:templates/editor/essay.jinja2"
    player = "modou_quiz:templates/player/essay.jinja2"
    script = "modou_quiz:static/js/types/essay.js"

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        values = super().values(data)
        rubric = []
        for row in values.get("rubric", ()):
            if not row.get("name"):
                continue
            levels = [
                level for level in row.get("levels", ()) if level.get("text") or level.get("points")
            ]
            rubric.append({**row, "levels": levels})
        return {**values, "rubric": rubric}

    def flaws(self, content: Essay) -> Sequence[Flaw]:
        flaws = no_stem(content)
        if content.writing == "none" and not content.files:
            flaws.append(Flaw("error", _("Neither a text nor a file can be given."), "writing"))
        if content.most_words and content.least_words > content.most_words:
            flaws.append(Flaw("error", _("Fewest words are more than most words."), "least_words"))
        if content.files_required > content.files:
            flaws.append(
                Flaw("error", _("More files are required than may be sent."), "files_required")
            )
        names = [criterion.name for criterion in content.rubric]
        if len(set(names)) < len(names):
            flaws.append(Flaw("error", _("Two criteria have the same name."), "rubric"))
        for criterion in content.rubric:
            if not any(level.points > 0 for level in criterion.levels):
                message = _(
                    "The criterion ${name} has no level with points.",
                    mapping={"name": criterion.name},
                )
                flaws.append(Flaw("error", message, "rubric"))
        return flaws

    def needs_person(self, content: Essay) -> bool:
        return True

    def body(
        self, content: Essay, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        given = response or {}
        return {
            "writing": content.writing,
            "required": content.required,
            "lines": content.lines,
            "least_words": content.least_words,
            "most_words": content.most_words,
            "files": content.files,
            "files_required": content.files_required,
            "file_types": list(content.file_types),
            "file_bytes": content.file_bytes,
            "text": given.get("text") or ("" if response else plain_template(content.template)),
            "sent": [dict(file) for file in given.get("files", ())],
        }

    def given(self, content: Essay, arrangement: Any, prefix: str, data: Any) -> Any:
        return {
            "text": data.get(prefix + "text"),
            "files": [name for name in data.getall(prefix + "file") if isinstance(name, str)],
        }

    def clean(self, content: Essay, arrangement: Any, raw: Any) -> dict[str, Any] | None:
        """:param raw: {"text", "files"}; what the page sends as files, the sitting has replaced by
        {"id", "name", "size", "sent"} of stored files; `sent` may be absent"""
        if raw is None or isinstance(raw, str):
            raw = {"text": raw}
        if not isinstance(raw, Mapping) or not raw.keys() <= {"text", "files"}:
            raise wrong_shape()
        text = tidy(text_of(raw.get("text"), LONGEST) or "") if content.writing != "none" else ""
        files = [self._file(one) for one in list_of(raw.get("files"), content.files) or ()]
        if not files and text.strip() in ("", plain_template(content.template).strip()):
            return None
        return {"text": text, "files": files}

    @staticmethod
    def _file(raw: Any) -> dict[str, Any]:
        if (
            not isinstance(raw, Mapping)
            or raw.keys() - {"sent"} != {"id", "name", "size"}
            or not isinstance(raw["id"], str)
            or not _FILE_ID.fullmatch(raw["id"])
            or not isinstance(raw["name"], str)
            or type(raw["size"]) is not int
            or not isinstance(raw.get("sent", ""), str)
        ):
            raise wrong_shape()
        return {**raw, "name": raw["name"][:255]}

    def grade(self, content: Essay, response: Any) -> Verdict:
        # Nothing to read needs nobody to read it.
        return one(0.0 if response is None else None)

    def mark(
        self,
        content: Essay,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        text = response["text"] if response else ""
        # Written by a learner: files of the question are none of its business.
        written = text.replace("@@FILE@@", "@@ FILE@@")
        kind: Any = "markdown" if content.writing == "markdown" else "plain"
        values["written"] = render(Rich(source=written, markup=kind)) if text else None
        values["words"] = count_words(text)
        values["text"] = text
        values["review"]["answer"] = None
        if right and content.sample:
            values["review"]["sample"] = render(content.sample)

    def summary(self, content: Essay, response: Any) -> str:
        if response is None:
            return ""
        names = [file["name"] for file in response["files"]]
        return " ".join([*response["text"].split(), *names])[:1000]

    def right_answer(self, content: Essay) -> str:
        return ""
