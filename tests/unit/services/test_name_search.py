"""People are found by characters, pinyin and initials, surnames read as surnames."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.services.name_search import MAXIMUM_SPELLINGS, fold, search_keys, sort_key, title_key


class TestSearchKeys:
    def test_the_three_keys_of_a_name(self):
        assert search_keys("张伟") == {"张伟", "zhangwei", "zw"}

    @pytest.mark.parametrize(
        ("name", "pinyin"),
        [
            ("单雄信", "shanxiongxin"),
            ("曾国藩", "zengguofan"),
            ("仇英", "qiuying"),
            ("解珍", "xiezhen"),
            ("任贤", "renxian"),
            ("华佗", "huatuo"),
            ("区寄", "ouji"),
            ("查良镛", "zhaliangyong"),
            ("种师道", "chongshidao"),
            ("尉迟恭", "yuchigong"),
            ("万俟卨", "moqixie"),
            ("长孙无忌", "zhangsunwuji"),
            ("欧阳修", "ouyangxiu"),
            ("令狐冲", "linghuchong"),
            ("吕布", "lvbu"),
            ("曾", "zeng"),
            ("王单", "wangdan"),
        ],
    )
    def test_surnames_are_read_as_surnames(self, name, pinyin):
        keys = search_keys(name)
        assert pinyin in keys
        assert name in keys

    @pytest.mark.parametrize(
        ("name", "spellings"),
        [
            ("覃海", {"qinhai", "tanhai"}),
            ("朴正", {"piaozheng", "puzheng"}),
            ("王乐", {"wangle", "wangyue"}),
            ("乐乐", {"yuele", "yueyue", "lele", "leyue"}),
        ],
    )
    def test_readings_that_differ_are_all_keys(self, name, spellings):
        assert spellings <= search_keys(name)

    def test_the_initials_are_those_of_every_character(self):
        assert "ycg" in search_keys("尉迟恭")
        assert "sxx" in search_keys("单雄信")

    def test_names_of_several_parts_are_found_by_each(self):
        assert search_keys("买买提·吐尔逊") == {
            "买买提吐尔逊",
            "maimaitituerxun",
            "mmttex",
            "买买提",
            "吐尔逊",
            "tuerxun",
            "tex",
        }
        assert search_keys("John Smith") == {"johnsmith", "john", "smith", "js", "s"}

    def test_width_and_case_do_not_matter(self):
        assert search_keys("Ｊｏｈｎ　SMITH") == search_keys("John Smith")
        assert search_keys("張偉 A１") == search_keys("張偉 a1")

    def test_rare_characters_do_no_harm(self):
        assert search_keys("𠮷") == {"𠮷", "ji", "j"}
        assert "wangwei" in search_keys("王\U000323af伟")
        assert search_keys("") == frozenset()
        assert search_keys(" · ") == frozenset()

    @given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1))
    def test_every_key_is_already_folded_and_there_are_few(self, name):
        keys = search_keys(name)
        assert {fold(key) for key in keys} == keys
        assert fold(name) in keys
        assert len(keys) <= 1 + 2 * MAXIMUM_SPELLINGS

    @given(st.text())
    def test_any_text_has_keys_that_its_own_query_finds(self, name):
        query = fold(name)
        assert not query or any(key.startswith(query) for key in search_keys(name))


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Zhang Wei", "zhangwei"),
            ("ＺＨＡＮＧ’ｗｅｉ", "zhangwei"),
            ("Lü Bu", "lvbu"),
            ("LYU BU", "lvbu"),
            ("Lu\u0308", "lv"),
            ("Yu Bo", "yubo"),
            ("买买提・吐尔逊", "买买提吐尔逊"),
            ("  ", ""),
        ],
    )
    def test_queries_are_spelled_like_keys(self, text, folded):
        assert fold(text) == folded


class TestSortKey:
    def test_people_sort_by_pinyin(self):
        names = ["张伟", "曾国藩", "阿依古丽", "单雄信", "欧阳修", "Zoe", "吕布", "张三"]
        assert sorted(names, key=sort_key) == [
            "阿依古丽",
            "吕布",
            "欧阳修",
            "单雄信",
            "曾国藩",
            "张三",
            "张伟",
            "Zoe",
        ]

    @given(st.text(), st.text())
    def test_different_names_never_sort_as_equal(self, first, second):
        assert (sort_key(first) == sort_key(second)) == (first == second)


def test_the_dictionary_of_phrases_stays_on_the_disk():
    program = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from modou.services.name_search import search_keys\n"
        "assert 'zw' in search_keys('张伟')\n"
        "from pypinyin.constants import PHRASES_DICT\n"
        "assert not PHRASES_DICT, len(PHRASES_DICT)\n"
    )
    paths = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYPINYIN_NO_PHRASES", None)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


class TestTitleKey:
    def test_titles_sort_by_pinyin_latin_words_and_numbers_as_they_are(self) -> None:
        titles = ["焊接 2", "电工", "Word 基础", "焊接 1", "叉车"]
        assert sorted(titles, key=title_key) == ["叉车", "电工", "焊接 1", "焊接 2", "Word 基础"]

    def test_no_surname_is_looked_for(self) -> None:
        assert title_key("单片机") == "dan pian ji"
