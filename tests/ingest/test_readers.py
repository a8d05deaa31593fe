"""Every format gives the same words; what can not be read is refused with a sentence that says what to do."""

import re
from pathlib import Path

import pytest

from ingest import readers
from ingest.cleaning import clean
from ingest.passages import join_blocks
from ingest.readers import read
from ingest.readers.pdf import garbled
from ingest.readers.text import decode
from kb.errors import DamagedFile, EmptyFile, EncryptedFile, FileMissing, FileTooLarge, NeedsOcr, UnknownFormat
from tests.ingest.files import LAW, encrypted_pdf, govcn_page, ole, pdf, word, word_with_body, zipped

TEXT = "\n".join(LAW)
HTML = "<html><body>" + "".join(f"<p>{line}</p>" for line in LAW) + "</body></html>"


@pytest.fixture
def saved(tmp_path: Path):
    def save(name: str, data: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return save


def lines(path: Path) -> list[str]:
    return [block.text for block in clean(read(path)).blocks]


# --- the same words from every format ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", TEXT.encode()),
        ("bom.txt", TEXT.encode("utf-8-sig")),
        ("gb.txt", TEXT.replace("\n", "\r\n").encode("gb18030")),
        ("wide.txt", TEXT.encode("utf-16")),
        ("wide without mark.txt", TEXT.encode("utf-16-le")),
        ("a.md", "\n\n".join(LAW).encode()),
        ("a.html", HTML.encode()),
        ("gb.html", HTML.encode("gb18030")),
        ("no suffix", HTML.encode()),
        ("page.txt", HTML.encode()),
        ("a.docx", word(*LAW)),
        ("really word.doc", word(*LAW)),
        ("a.pdf", pdf(LAW)),
        ("two pages.pdf", pdf(LAW[:5], LAW[5:])),
        ("no suffix either", pdf(LAW)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_law_reads_the_same_in_every_format(saved, name, data):
    assert lines(saved(name, data)) == [re.sub("　", " ", line) for line in LAW]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("text", ["管哲考题", "低保怎么申请？", "申请人：张某\n住址：幸福村"])
def test_short_texts_are_decoded_too(text, encoding):
    assert decode(text.encode(encoding)) == text


def test_traditional_text_in_big5_is_not_taken_for_gb18030():
    text = "維基大典，集天下知、四海言、眾人志。凡我同道，皆可增補刪改，以成其大。" * 3
    assert decode(text.encode("big5")) == text


def test_a_text_cut_inside_a_character_is_still_read():
    assert decode(("困难家庭" * 50).encode()[:-1]).startswith("困难家庭" * 49)


def test_pages_of_a_pdf_are_counted(saved):
    blocks = read(saved("a.pdf", pdf(LAW[:5], LAW[5:]))).blocks
    assert {block.text: block.page for block in blocks}[LAW[5]] == 2


# --- Word -------------------------------------------------------------------------------------------------------


def test_word_headings_and_tables(saved):
    path = saved("a.docx", word("暖冬救助", "正文。", headings=["暖冬救助"], rows=[["乡镇", "户数"], ["幸福镇", "12"]]))
    assert [(b.text, b.level) for b in read(path).blocks] == [("暖冬救助", 1), ("正文。", 0), ("乡镇 | 户数", 0), ("幸福镇 | 12", 0)]


def test_a_heading_is_told_by_the_name_of_its_style_not_by_its_id(saved):
    paragraph = '<w:p><w:pPr><w:pStyle w:val="{}"/></w:pPr><w:r><w:t>甲</w:t></w:r></w:p>'
    blocks = read(saved("a.docx", word_with_body(paragraph.format("2") + paragraph.format("Heading2")))).blocks
    assert [block.level for block in blocks] == [0, 2]


def test_tracked_changes_are_read_as_accepted(saved):
    xml = (
        "<w:p><w:r><w:t>三</w:t></w:r><w:del><w:r><w:delText>十</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>个工作</w:t></w:r></w:ins><w:r><w:t>日内办结</w:t></w:r></w:p>"
    )
    assert lines(saved("a.docx", word_with_body(xml))) == ["三个工作日内办结"]


def test_a_cell_merged_downwards_is_read_once(saved):
    cell = "<w:tc><w:tcPr>{}</w:tcPr><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    first = cell.format('<w:vMerge w:val="restart"/>', "救助") + cell.format("", "低保")
    second = cell.format("<w:vMerge/>", "救助") + cell.format("", "特困")
    xml = f"<w:tbl><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>"
    assert lines(saved("a.docx", word_with_body(xml))) == ["救助 | 低保", "特困"]


def test_an_archive_that_would_fill_the_memory_is_refused(saved):
    with pytest.raises(DamagedFile, match="异常庞大"):
        read(saved("a.docx", word_with_body("<w:p/>" * 2_000_000)))


# --- pages and Markdown -----------------------------------------------------------------------------------------


def test_a_government_page_gives_its_text_and_head_table_without_menus(saved):
    content = read(saved("content_1.htm", govcn_page("民政部关于过冬的通知", "民发〔2021〕99号", "各地民政局：", "请做好过冬工作，确保困难群众温暖过冬，不落一户一人。")))
    assert [block.text.strip() for block in clean(content).blocks] == ["各地民政局：", "请做好过冬工作，确保困难群众温暖过冬，不落一户一人。"]
    assert (content.facts["number"], content.facts["issuer"], content.title) == ("民发〔2021〕99号", "民政部", "民政部关于过冬的通知")


def test_a_heading_outside_the_main_text_is_kept(saved):
    story = "".join(f"<p>第{n}天，社工又去看望老人，陪他说话，也问他缺什么。</p>" for n in "一二三四五")
    path = saved("a.html", f"<html><body><h1>陪老人过冬</h1><div class='menu'><a>首页</a></div><div id='zoom'>{story}</div></body></html>")
    assert lines(path)[0] == "陪老人过冬"


def test_markdown_keeps_words_and_drops_marks(saved):
    source = "---\ntitle: 入户探访\ntopics: [老年人, 照料]\n---\n# 入户探访\n\n- **先打电话**，见[样表](a.docx)\n> 当天`记录`\n\n| 步骤 | 时间 |\n|---|---|\n| 预约 | 前一天 |\n"
    content = read(saved("a.md", source))
    assert [block.text for block in clean(content).blocks] == ["入户探访", "先打电话，见样表", "当天记录", "步骤 | 时间", "预约 | 前一天"]
    assert content.facts["topics"] == "老年人\n照料"


def test_front_matter_is_read_in_a_text_file_too(saved):
    content = read(saved("a.txt", "---\ntitle: 暖冬救助办法\ntag:\n - 救助\n---\n\n第一条 甲。\n".encode("gb18030")))
    assert content.facts["title"] == "暖冬救助办法" and lines(saved("b.txt", "---\ntitle: 甲\n---\n正文。")) == ["正文。"]


def test_a_line_of_dashes_is_no_front_matter(saved):
    assert join_blocks(clean(read(saved("a.txt", "---\n这是正文\n---\n还是正文"))).blocks) == "---\n这是正文\n---\n还是正文"


# --- refusals ---------------------------------------------------------------------------------------------------

JUNK = bytes((7 * n * n + n) % 256 for n in range(5000))


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        ("a.txt", b"", EmptyFile, "空"),
        ("a.txt", b" \r\n\t\n", EmptyFile, "空"),
        ("a.docx", b"", EmptyFile, "空"),
        ("_index.md", "---\ntitle: 目录\n---\n".encode(), EmptyFile, "没有文字"),
        ("a.html", b"<!-- nothing -->", EmptyFile, "没有文字"),
        ("a.docx", word(), EmptyFile, "没有文字"),
        ("a.txt", JUNK, UnknownFormat, "不是文字"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + JUNK, UnknownFormat, "不是文字"),
        ("a.pdf", pdf(LAW)[:1500], DamagedFile, "损坏"),
        ("a.pdf", "这不是 PDF".encode(), DamagedFile, "后缀不符"),
        ("a.docx", word(*LAW)[:5000], DamagedFile, "不完整"),
        ("a.docx", zipped("word/other.xml"), DamagedFile, "损坏"),
        ("a.docx", "这不是 Word".encode(), DamagedFile, "后缀不符"),
        ("a.pdf", encrypted_pdf("秘密", LAW), EncryptedFile, "密码"),
        ("a.docx", ole("EncryptedPackage"), EncryptedFile, "密码"),
        ("a.pdf", pdf((), ()), NeedsOcr, "扫描件"),
        ("a.pdf", pdf(("[eÆœœ•œ£Kn÷cò‹©¶¸Üåçµyµå•",) * 5), NeedsOcr, "乱码"),
        ("a.xlsx", zipped("xl/workbook.xml"), UnknownFormat, "电子表格"),
        ("a.pptx", zipped("ppt/presentation.xml"), UnknownFormat, "演示文稿"),
        ("a.odt", zipped("content.xml"), UnknownFormat, "OpenDocument"),
        ("a.zip", zipped("通知.docx"), UnknownFormat, "先解压"),
        ("a.doc", ole("WordDocument"), UnknownFormat, "旧版 Word"),
        ("a.wps", ole("WordDocument"), UnknownFormat, "旧版 Word"),
        ("a.xls", ole("Workbook"), UnknownFormat, "旧版 Excel"),
        ("a.ppt", ole("PowerPoint Document"), UnknownFormat, "旧版 PPT"),
        ("a.doc", ole("Other"), UnknownFormat, "旧版 Office"),
        ("a.doc", rb"{\rtf1\ansi text}", UnknownFormat, "其他格式"),
        ("~$a.docx", b"x" * 162, UnknownFormat, "临时文件"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + JUNK, UnknownFormat, "图片"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_a_reason(saved, name, data, error, says):
    with pytest.raises(error, match=says) as raised:
        read(saved(name, data))
    assert re.search(r"[。！]$", str(raised.value)) and "Traceback" not in str(raised.value)


@pytest.mark.parametrize("suffix", ["tsv", "csv", "json", "yml", "yaml", "py", "js", "css", "toml", "xml", "ini", "log", "sh", "sql", "svg"])
def test_data_and_program_files_are_refused(saved, suffix):
    with pytest.raises(UnknownFormat, match=rf"\.{suffix}"):
        read(saved(f"a.{suffix}", "名称,数值\n低保,300\n"))


def test_a_settings_file_that_is_all_suffix_is_refused(saved):
    with pytest.raises(UnknownFormat, match="gitignore"):
        read(saved(".gitignore", "data/\n"))


def test_a_file_over_the_limit_is_refused_unread(saved):
    with pytest.raises(FileTooLarge, match="max_file_mb"):
        read(saved("a.txt", "字" * 1000), max_bytes=100)


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(FileMissing):
        read(tmp_path / "没有.txt")


def test_a_pdf_that_takes_too_long_is_given_up(saved, monkeypatch):
    monkeypatch.setattr(readers.pdf, "TIME_LIMIT_S", 0.01)
    with pytest.raises(DamagedFile, match="秒内没有读完"):
        read(saved("a.pdf", pdf(LAW)))


@pytest.mark.parametrize(
    ("text", "is_garbled"),
    [
        (TEXT, False), ("Social work case management in rural China", False), ("哈哈哈，老人笑了。" * 3, False), ("", False),
        ("轉轉︰針針針針針針針針針針針針", True), ("\ue001\ue002\ue003" * 20, True), ("가나다라" * 20, True), ("[eÆœœ•œ£Kn÷cò‹©¶¸Üåçµ", True),
    ],
)  # fmt: skip
def test_mojibake_is_told_from_text(text, is_garbled):
    assert garbled(text) is is_garbled
