"""Normalization, numerals and segmentation, the last checked against jieba itself."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb import chinese
from kb.chinese import content_words, normalize, numeral, parse_numeral, search_words, word_parts, words

# --- normalization ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [("ＡＢＣ１２３", "abc123"), ("二〇二一", "二零二一"), ("（一）", "(一)"), ("低保　申请", "低保 申请"), ("㎡", "m2")],
)
def test_full_width_case_and_zeros_do_not_matter(text, normal):
    assert normalize(text) == normal


@given(st.text())
def test_normalizing_twice_is_normalizing_once(text):
    assert normalize(normalize(text)) == normalize(text)


# --- numerals ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 9999))
def test_a_numeral_reads_back_as_its_value(value):
    assert parse_numeral(numeral(value)) == value


@given(st.integers(1, 9999))
def test_a_numeral_is_written_as_laws_write_it(value):
    written = numeral(value)
    assert not written.startswith(("零", "一十")) and not written.endswith("零") and "零零" not in written


@given(st.integers(0, 99_999))
def test_arabic_digits_of_either_width_read_the_same(value):
    full_width = str(value).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert parse_numeral(str(value)) == parse_numeral(full_width) == value


@given(st.integers(10, 9999))
def test_years_are_read_digit_by_digit(value):
    assert parse_numeral("".join("〇一二三四五六七八九"[int(digit)] for digit in str(value))) == value


@given(st.integers(1, 9), st.integers(1, 9999))
def test_numerals_above_ten_thousand(high, low):
    assert parse_numeral(f"{numeral(high)}万{numeral(low)}") == high * 10_000 + low


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一千零七十九", 1079), ("一百二十", 120), ("十五", 15), ("一十五", 15), ("二十", 20), ("廿三", 23), ("卅", 30),
        ("两百", 200), ("两千零五", 2005), ("一百零三", 103), ("二〇二一", 2021), ("１５", 15), (" 七 ", 7), ("零", 0), ("三万", 30_000),
    ],
)  # fmt: skip
def test_numerals_as_people_write_them(text, value):
    assert parse_numeral(text) == value


@pytest.mark.parametrize("text", ["", "条", "十五条", "十五.", "123456", "-1", "1.5", "一a", "百分之十"])
def test_what_is_no_numeral_is_none(text):
    assert parse_numeral(text) is None


@given(st.text("零一二三四五六七八九十百千万两廿卅〇○0123456789 ", max_size=8))
@example("万万")
def test_no_text_of_digits_is_an_error(text):
    value = parse_numeral(text)
    assert value is None or value >= 0


@pytest.mark.parametrize(
    ("value", "written"),
    [(1, "一"), (10, "十"), (15, "十五"), (20, "二十"), (100, "一百"), (101, "一百零一"), (110, "一百一十"), (1000, "一千"),
     (1010, "一千零一十"), (1079, "一千零七十九"), (1100, "一千一百"), (9999, "九千九百九十九")],
)  # fmt: skip
def test_article_numbers(value, written):
    assert numeral(value) == written


# --- segmentation -----------------------------------------------------------------------------------------------

SAMPLE = [
    "最低生活保障家庭申请临时救助应当提交哪些材料",
    "特困人员救助供养标准由省、自治区、直辖市人民政府确定并公布",
    "县级人民政府民政部门应当自收到乡镇人民政府的审核意见之日起十五个工作日内作出决定",
    "未成年人的父母或者其他监护人应当创造良好、和睦、文明的家庭环境",
    "他说研究生命起源的人在南京市长江大桥上",
    "事实无人抚养儿童基本生活补贴怎么领",
    "社工小组活动第三节带领者回应冷场",
    "老人走失了打110还是找救助站",
    "龘靐齉䶮㐂",
    "A级景区120急救2021年MZ/T标准",
    "低保户可以有存款吗？存了3万块钱！",
]


@pytest.fixture(scope="module")
def jieba_words():
    """jieba itself with the user dictionary, without its HMM."""
    import jieba

    jieba.setLogLevel(60)
    reference = jieba.Tokenizer()
    for word in chinese._user_words():
        reference.add_word(word, chinese._USER_WORD_FREQUENCY)

    def cut(text):
        runs = chinese._WORD.findall(normalize(text))
        return [word for run in runs for word in (reference.cut(run, HMM=False) if run[0] > "z" else [run])]

    return cut


def test_the_fast_engine_cuts_exactly_as_jieba(jieba_words):
    sample = [*SAMPLE, *chinese._user_words(), "".join(chinese._user_words()), *_kept_texts()]
    assert [words(text) for text in sample] == [jieba_words(text) for text in sample]


def _kept_texts():
    """Every tenth line of the kept training units, as they happen to be."""
    files = sorted((chinese.TERMS_FOLDER.parent / "training").glob("*.md"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line]
    return lines[::10][:400]


@pytest.mark.parametrize("word", ["最低生活保障", "特困人员", "事实无人抚养儿童"])
def test_words_of_the_user_dictionary_are_kept_whole(word):
    assert word in words(f"他家的{word}怎么办")


def test_punctuation_and_spaces_are_dropped():
    assert words("，。！ 　\n《》") == [] == search_words("") == content_words("？")


@given(st.text())
def test_words_are_in_the_normalized_text_in_order(text):
    normal, at = normalize(text), 0
    for word in words(text):
        at = normal.index(word, at) + len(word)


def test_function_words_are_not_searched():
    assert "的" in words("老人的子女") and "的" not in content_words("老人的子女")


def test_a_long_word_also_gives_the_words_inside_it():
    assert {"生活", "保障"} <= set(word_parts("生活保障金")) <= set(search_words("生活保障金"))


@pytest.mark.parametrize("word", ["低保", "a", "110", "mzt2021", ""])
def test_short_words_and_numbers_have_no_parts(word):
    assert word_parts(word) == ()


def test_the_hash_of_the_dictionary_is_short_and_stable():
    assert len(chinese.DICTIONARY_HASH) == 16 and set(chinese.DICTIONARY_HASH) <= set("0123456789abcdef")
