"""Every text that a person may see is there in Chinese; the English is the message id itself."""

import ast
import re

import pytest

from tests.house.catalogues import Domain, domains, extract, translations

_PLACEHOLDER = re.compile(r"\$\{\w+\}")


@pytest.mark.parametrize("domain", list(domains()), ids=lambda d: d.name)
def test_every_text_is_translated(domain: Domain) -> None:
    known = translations(domain)
    missing = []
    for message in extract(domain):
        if not message.id:
            continue
        translated = known.get(message.id)
        if translated is None or not translated.string or translated.fuzzy:
            place, line = message.locations[0]
            missing.append(f"{place}:{line}: {message.id!r}")
    assert not missing, f"{len(missing)} texts lack Chinese:\n" + "\n".join(missing)


@pytest.mark.parametrize("domain", list(domains()), ids=lambda d: d.name)
def test_translations_keep_the_placeholders(domain: Domain) -> None:
    wrong = [
        f"{message.id!r} -> {message.string!r}"
        for message in translations(domain)
        if message.id
        and message.string
        and set(_PLACEHOLDER.findall(message.id)) != set(_PLACEHOLDER.findall(message.string))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("domain", list(domains()), ids=lambda d: d.name)
def test_no_translation_is_left_over(domain: Domain) -> None:
    used = {message.id for message in extract(domain) if message.id}
    left = [m.id for m in translations(domain) if m.id and m.id not in used]
    assert not left, f"{len(left)} translations of texts that are gone:\n" + "\n".join(
        map(repr, left)
    )


@pytest.mark.parametrize("domain", list(domains()), ids=lambda d: d.name)
def test_no_text_hides_in_an_f_string(domain: Domain) -> None:
    # gettext does not look into them, so such a text would stay English without anybody noticing.
    hidden = [
        f"{path}:{call.lineno}"
        for folder in domain.sources
        for path in folder.rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    ]
    assert not hidden
