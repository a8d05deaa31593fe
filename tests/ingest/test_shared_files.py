"""Real documents: what they say is found in them, what can not be read is refused in plain words."""

import csv
import re
from pathlib import Path

import pytest

from ingest.pipeline import Options, SourceFile, parse

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpus"
READ = {
    "pdf_text/《中华人民共和国宪法》.pdf", "pdf_text/test_4182.pdf", "pdf_text/chinese-tables.pdf", "docx/中华人民共和国反家庭暴力法.docx",
    "docx/issue_2634_vertical_merge.docx", "docx/word_example.docx", "txt/_ude_1.txt", "txt/管哲考题.txt", "txt/乡镇社工站与乡村振兴社会基础.txt",
    "html/people_1.html", "html/sxmu_1.html", "html/长顺县贫困基本情况.html", "html/govcn_content_5353307.htm", "doc/bdcquery.doc",
    "derived/最低生活保障审核确认办法_gb18030_crlf.txt",
}  # fmt: skip
REFUSED = {
    "pdf_encrypted/杨磊下学期期中期末试题整理.pdf": "乱码", "pdf_garbled/issue4061.pdf": "乱码", "pdf_garbled/2005年高数期中试题（含答案）.pdf": "乱码",
    "pdf_scanned/small_ocr.pdf": "扫描件", "pdf_encrypted/issue15893_reduced.pdf": "密码", "derived/宪法_userpw_123456.pdf": "密码",
    "office_encrypted/testWORD_protected_passtika.docx": "密码", "derived/民法典_truncated_300KB.pdf": "不完整",
    "hostile/testWORD_truncated.docx": "不完整", "hostile/poc-xmlbomb.xlsx": "电子表格", "pptx/ppt_example.pptx": "演示文稿",
    "doc/20160112110210.doc": "旧版 Word", "xls/西方音乐史复习.xls": "旧版 Excel", "ppt/二十世纪世界史讲义.ppt": "旧版 PPT",
    "docx/testWPSAttachment.docx": "没有文字", "derived/empty.docx": "空", "html/softsea.net.xml": "数据文件", "xlsx/~$开头结尾.xlsx": "临时文件",
}  # fmt: skip
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents in ../shared/corpus are not there"),
]


def parsed(path: Path):
    return parse(SourceFile(path, path.name), Options())


def expected_in(file: str) -> list[str]:
    with open(SHARED / "files" / "MANIFEST.tsv", encoding="utf-8", newline="") as opened:
        rows = csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
        cell = next(row["expected_text (whitespace removed; ‖ separates)"] for row in rows if row["file"] == file)
    return [re.sub(r"\s", "", part) for part in cell.split("‖")]


@pytest.mark.parametrize("file", sorted(READ))
def test_the_words_on_the_page_are_in_the_text(file):
    document = parsed(SHARED / "files" / file).document
    assert document is not None
    text = re.sub(r"\s", "", document.text)
    assert [part for part in expected_in(file) if part not in text] == []


@pytest.mark.parametrize("file", sorted(REFUSED))
def test_what_can_not_be_read_is_refused(file):
    result = parsed(SHARED / "files" / file)
    assert result.document is None and REFUSED[file] in result.error and result.error.endswith("。")


@pytest.mark.parametrize(
    ("file", "title", "number", "issuer", "level", "issued", "effective"),
    [
        ("社会法/慈善法(2023-12-29).md", "中华人民共和国慈善法", "", "全国人民代表大会", "法律", "2023-12-29", "2016-09-01"),
        ("行政法规/信访条例(2005-01-10).md", "信访条例", "国务院令第431号", "国务院", "行政法规", "2005-01-10", "2005-05-01"),
        ("行政法规/中国公民收养子女登记办法(2023-07-20).md", "中国公民收养子女登记办法", "民政部令第14号", "民政部", "部门规章", "2023-07-20", "2023-07-20"),
    ],
)  # fmt: skip
def test_laws_say_what_they_are(file, title, number, issuer, level, issued, effective):
    [path] = (SHARED / "laws" / "lawrefbook").rglob(file)
    document = parsed(path).document
    assert document is not None
    facts = document.facts
    assert (facts.title, facts.number, facts.issuer, facts.level) == (title, number, issuer, level)
    assert (str(facts.issued), str(facts.effective)) == (issued, effective)


def test_articles_of_real_laws_are_all_found_and_their_passages_are_of_a_size_to_read():
    [path] = (SHARED / "laws" / "lawrefbook").rglob("社会法/未成年人保护法(2024-04-26).md")
    passages = parsed(path).passages
    articles = {match.group() for passage in passages if (match := re.search(r"第[^章节]+?条", passage.locator))}
    assert len(articles) == 132 and all(15 <= len(passage.text.strip()) <= 900 for passage in passages)
