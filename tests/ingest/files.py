"""Files of every format, made from a few lines of invented text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import docx
from pypdf import PdfReader, PdfWriter

Page = Sequence[str]
LAW = (
    "暖冬救助办法",
    "（2021年6月1日民政部令第99号公布）",
    "第一章　总则",
    "第一条　为了帮助困难家庭平安过冬，制定本办法。",
    "第二条　取暖补助由乡镇人民政府受理，县级民政部门审核。",
    "第二章　申请",
    "第三条　有下列情形之一的家庭，可以申请取暖补助：",
    "（一）家中有失能老人的；",
    "（二）家中有重病患者的。",
    "第四条　本办法自2021年7月1日起施行。",
)


def pdf(*pages: Page) -> bytes:
    """A PDF with one text line per string; its font has a Unicode map and no glyphs, which is all that reading needs."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % (6 + 2 * i) for i in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Invented /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Invented /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)"
        b" /Supplement 0 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /Invented /Flags 4"
        b" /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 >> >>",
        _stream(_TO_UNICODE),
    ]
    for page in pages:
        number = len(objects) + 2
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>" % number
        )
        shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -20 Td\n" for line in page)
        objects.append(_stream(f"BT /F 12 Tf 40 800 Td\n{shown}ET".encode()))
    return _pdf_file(objects)


_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
100 beginbfrange
%s
endbfrange endcmap end end""" % b"\n".join(b"<%02X00> <%02XFF> <%02X00>" % (high, high, high) for high in range(256))


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + head + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))


def encrypted_pdf(password: str, *pages: Page) -> bytes:
    """The same PDF under a user password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(*pages))))
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*lines: str, headings: Sequence[str] = (), rows: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word file; lines that are in `headings` have the style Heading 1, `rows` are a table at the end."""
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line, style="Heading 1" if line in headings else None)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_with_body(xml: str) -> bytes:
    """A Word file whose body is the given XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word("占位"))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "word/document.xml":
                head, _, rest = data.partition(b"<w:body>")
                data = head + b"<w:body>" + xml.encode() + b"</w:body>" + rest.partition(b"</w:body>")[2]
            new.writestr(entry.filename, data)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    """A zip archive with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def ole(*streams: str) -> bytes:
    """The beginning of an old Office file with these stream names in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"".join(name.encode("utf-16-le") + bytes(64) for name in streams)


def govcn_page(title: str, number: str, *paragraphs: str) -> str:
    """A page as gov.cn serves it: menus, a head table, the text, a footer."""
    body = "".join(f"<p>　　{paragraph}</p>" for paragraph in paragraphs)
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}_政府信息公开专栏</title></head><body>
    <div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/zc">政策</a></li><li><a href="/hd">互动</a></li></ul></div>
    <table><tr><td><b>索&nbsp;引&nbsp;号：</b></td><td>000014349/2021-00099</td><td><b>主题分类：</b></td><td>民政</td></tr>
    <tr><td><b>发文机关：</b></td><td>民政部</td><td><b>成文日期：</b></td><td>2021年06月01日</td></tr>
    <tr><td><b>标　　题：</b></td><td>{title}</td></tr><tr><td><b>发文字号：</b></td><td>{number}</td></tr></table>
    <table><tr><td id="UCAP-CONTENT" class="pages_content">{body}</td></tr></table>
    <div class="footer"><a href="/about">关于我们</a>|<a href="/map">网站地图</a>|<a href="/help">帮助</a></div>
    <script>var visitors = 100;</script></body></html>"""
