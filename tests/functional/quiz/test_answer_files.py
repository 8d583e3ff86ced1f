"""Files handed in with essays: kept by the site, within what the question asks for."""

from io import BytesIO
from typing import Any

import pytest

from modou.errors import Invalid
from modou.services.files import Upload
from modou_quiz.content import Rich
from modou_quiz.services.answer_files import take, with_addresses
from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest

TYPES = {kind.name: kind for kind in QUESTION_TYPES}
ESSAY = c.Essay(
    stem=Rich(source="?"), files=2, file_types=(".txt", "image/*"), file_bytes=20, writing="none"
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


def test_files_are_kept_named_again_and_shown(site: SiteUnderTest) -> None:
    sent = {"k1": ("a.txt", b"text"), "k2": ("b.png", PNG), "k3": ("c.pdf", b"%PDF-1.7\n")}

    def find(key: str) -> Upload | None:
        return Upload(sent[key][0], BytesIO(sent[key][1]), 1000) if key in sent else None

    with site.occasion() as occasion:

        def answer(raw: Any, before: Any = None) -> Any:
            taken = take(occasion, TYPES["essay"], ESSAY, raw, before, find, "attempt:1")
            return TYPES["essay"].clean(ESSAY, None, taken)

        first = answer({"files": ["upload:k1"]})
        assert [(f["name"], f["size"]) for f in first["files"]] == [("a.txt", 4)]
        both = answer({"files": [first["files"][0]["id"], "upload:k2"]}, first)
        assert both["files"][0] == first["files"][0]
        assert answer({"files": []}, both) is None
        for wrong in (
            ["upload:k3"],  # not of the types
            ["upload:k1", "upload:k2", "upload:k1"],  # too many
            ["upload:gone"],
            ["0000000000000"],  # somebody else's
        ):
            with pytest.raises(Invalid):
                answer({"files": wrong}, first)
        sent["k1"] = ("long.txt", b"x" * 21)
        with pytest.raises(Invalid):
            answer({"files": ["upload:k1"]})

        # Within a case as well.
        case = c.Case(
            stem=Rich(source="?"),
            questions=(
                c.SubQuestion.of("truefalse", c.TrueFalse(stem=Rich(source="?"))),
                c.SubQuestion.of("essay", ESSAY),
            ),
        )
        kind = TYPES["case"]
        raw = take(occasion, kind, case, [None, {"files": ["upload:k2"]}], None, find, "attempt:1")
        response = kind.clean(case, None, raw)
        shown = kind.shown(case, None, response, lambda rich: rich.source)  # type: ignore[arg-type,return-value]
        addressed = with_addresses(occasion, shown, lambda file: f"/at/{file.key}")
        (file,) = addressed["questions"][1]["shown"]["sent"]
        assert file == {**response[1]["files"][0], "href": f"/at/{file['id']}"}
