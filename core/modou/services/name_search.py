"""Finding and sorting people by Chinese names, typed as characters, as pinyin or as initials.

`search_keys` gives the texts under which a name is put into an index, `fold` brings what somebody
types into the same spelling, so that a prefix of a key finds the name::

    search_keys("单雄信")  ->  {"单雄信", "shanxiongxin", "sxx"}
    fold("Shan Xiong")     ->  "shanxiong"

Characters with several readings are read as in names: 单 is Shan as a surname and Dan elsewhere.
Where people themselves differ (覃 is Qin or Tan), both are keys.
"""

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from modou.models.identity_numbers import COMPOUND_SURNAMES

#: Most pinyin spellings of one name that become keys.
MAXIMUM_SPELLINGS: Final = 8

# Readings as a surname, the usual one first, where they differ from the dictionary's first one or
# where there are two.
_SURNAMES_TEXT = """
单單:shan 曾:zeng 仇:qiu 解:xie 区區:ou 查:zha 朴:piao,pu 盖蓋:ge,gai 翟:zhai,di 乐樂:yue,le
覃:qin,tan 缪繆:miao 宓:mi,fu 种:chong 繁:po 洗:xian 员員贠:yun 召:shao 折:she 祭:zhai 黑:he,hei
秘:bi 薄:bo 卜:bu 能佴:nai 隗:wei,kui 柏:bai,bo 郇:xun,huan 郗:xi,chi 乜:nie 谌諶:chen,shen 都:du
适適:kuo 句:gou 牟:mou,mu 长長:chang 藏:zang 颉:xie 不:fou 阚闞:kan 过過:guo
"""
_COMPOUNDS_TEXT = """
尉迟尉遲:yu-chi 万俟萬俟:mo-qi 长孙長孫:zhang-sun 澹台澹臺:tan-tai 乐正樂正:yue-zheng 子车子車:zi-ju
"""
# The same for given names.
_GIVEN_TEXT = """
乐樂:le,yue 行:xing,hang 长長:chang,zhang 朝:chao,zhao 重:chong,zhong 茜:qian,xi 晟:sheng,cheng
参參:shen,can 曾:zeng 单單:dan,shan 翟:zhai,di 还還:huan 厦廈:xia 柏:bai,bo 没沒:mo 娜:na 琢:zhuo
骑騎:qi 呢:ni 𠮷:ji 伽:jia 给給:ji 说說:yue,shuo 荟薈:hui
"""


def _table(text: str, width: int = 1) -> dict[str, str]:
    """Read entries of characters, or of groups of `width` characters, that are read alike."""
    table = {}
    for entry in text.split():
        characters, _colon, readings = entry.partition(":")
        for place in range(0, len(characters), width):
            table[characters[place : place + width]] = readings
    return table


_SURNAMES: Final = {key: tuple(text.split(",")) for key, text in _table(_SURNAMES_TEXT).items()}
_GIVEN: Final = {key: tuple(text.split(",")) for key, text in _table(_GIVEN_TEXT).items()}
_COMPOUNDS: Final = {key: text.split("-") for key, text in _table(_COMPOUNDS_TEXT, 2).items()}

_SEPARATORS = re.compile(r"[\W_]+")
# A Latin word or a number as a whole, anything else character by character.
_WORDS = re.compile(r"[A-Za-z\u00c0-\u024f]+|[0-9]+|.", re.DOTALL)
_PASSPORT_V = re.compile(r"(?<=[ln])yu")


@cache
def _dictionary(character: str) -> str:
    """Give the first reading of a character without tone, "" for one that has none."""
    # The phrases of pypinyin take 45 MB and are of no use for names; this is its own switch.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(character, style=Style.NORMAL, errors="ignore")).replace("ü", "v")


def fold(text: str) -> str:
    """Bring a name or a query into the spelling of the keys.

    Half-width, small letters, without spaces and signs; `ü` and the `yu` of passports (`Lyu`)
    become the `v` that people type.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = folded.replace("u\u0308", "v").replace("ü", "v")
    folded = _PASSPORT_V.sub("v", folded)
    return _SEPARATORS.sub("", folded)


def _parts(name: str) -> list[str]:
    return [part for part in _SEPARATORS.split(unicodedata.normalize("NFKC", name)) if part]


def search_keys(name: str) -> frozenset[str]:
    """Give the keys of a name: as written, as pinyin and as initials, each folded.

    Of a name of several parts (`买买提·吐尔逊`, `John Smith`) the parts are keys as well.
    """
    parts = _parts(name)
    keys = set()
    for start in range(len(parts)):
        rest = parts[start:]
        keys.add(fold("".join(rest)))
        for syllables in _spellings(rest):
            keys.add(fold("".join(syllables)))
            keys.add(fold("".join(syllable[0] for syllable in syllables)))
    if len(parts) > 1:
        keys.update(map(fold, parts))
    return frozenset(keys - {""})


def sort_key(name: str) -> str:
    """Give a text by which names sort in the order of their pinyin, equal ones as written."""
    parts = _parts(name)
    spelled = next(_spellings(parts), ())
    return f"{' '.join(map(fold, spelled))}\t{name}"


def title_key(title: str) -> str:
    """Give a text by which titles sort in the order of their pinyin; no surname is looked for."""
    words = [w for w in _WORDS.findall(unicodedata.normalize("NFKC", title)) if w.strip()]
    spelled = (w if w[0] < "\u0250" else _dictionary(w) or w for w in words)
    return " ".join(spelled).casefold()


def _spellings(parts: list[str]) -> Iterator[tuple[str, ...]]:
    """Give the ways to pronounce a name, the usual one first, each as its syllables."""
    choices: list[tuple[str, ...]] = []
    for part in parts:
        choices += _choices(part, with_surname=len(parts) == 1)
    return itertools.islice(itertools.product(*choices), MAXIMUM_SPELLINGS)


def _choices(part: str, *, with_surname: bool) -> list[tuple[str, ...]]:
    """Give the readings of each syllable of one part; a Latin word is one syllable."""
    choices: list[tuple[str, ...]] = []
    given = part
    if with_surname and len(part) > 2 and part[:2] in _COMPOUNDS:
        choices += [(syllable,) for syllable in _COMPOUNDS[part[:2]]]
        given = part[2:]
    elif with_surname and len(part) > 2 and part[:2] in COMPOUND_SURNAMES:
        choices += [(_dictionary(character),) for character in part[:2]]
        given = part[2:]
    elif with_surname and part[0] in _SURNAMES:
        choices.append(_SURNAMES[part[0]])
        given = part[1:]
    for word in _WORDS.findall(given):
        if word[0] < "\u0250":
            choices.append((word,))
        else:
            choices.append(_GIVEN.get(word) or (_dictionary(word),))
    return [choice for choice in choices if choice[0]]
