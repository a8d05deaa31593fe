"""Articles named inside sentences and questions."""

import pytest

from assistant.named import look_up
from assistant.references import Reference, references
from ingest.pipeline import find_files, take_in
from kb.embedder import builtin_embedder
from kb.knowledge_base import KnowledgeBase
from kb.mentions import Named, named_in
from kb.models import Asker

KNOWN = {"民法典", "未成年人保护法", "社会救助暂行办法", "反家庭暴力法", "志愿服务条例"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("应当报告（《未成年人保护法》第十一条）。", [("未成年人保护法", "第十一条")]),
        ("（《A法》第九条第二款、第十条；《民法典》第三十六条）", [("A法", "第九条"), ("A法", "第十条"), ("民法典", "第三十六条")]),
        ("（《刑法》第一百二十条之一）", [("刑法", "第一百二十条之一")]),
        ("（《关于适用《民法典》婚姻家庭编的解释（一）》第三条）", [("关于适用《民法典》婚姻家庭编的解释（一）", "第三条")]),
        ("按《社会救助暂行办法》办理。", []),
        ("没有引用。", []),
    ],
)
def test_references_in_a_sentence(text, expected):
    assert references(text) == tuple(Reference(*each) for each in expected)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("民法典第一千零八十四条怎么说", [("民法典", "第一千零八十四条")]),
        ("民法典1084条怎么说", [("民法典", "第一千零八十四条")]),
        ("未成年人保护法里第十一条", [("未成年人保护法", "第十一条")]),
        ("中华人民共和国未成年人保护法第11条", [("未成年人保护法", "第十一条")]),
        ("反家暴法第23条", [("反家庭暴力法", "第二十三条")]),
        ("社会救助办法第九条", [("社会救助暂行办法", "第九条")]),
        ("《志愿服务条例》谁买保险", [("志愿服务条例", "")]),
        ("《乡镇社工站管理法》怎么说", [("乡镇社工站管理法", "")]),
        ("低保要几条理由", []),
        ("民法典里离婚怎么规定", []),
    ],
)
def test_what_a_question_names_outright(question, expected):
    assert named_in(question, KNOWN) == tuple(Named(*each) for each in expected)


LAW = "# 暖冬救助条例\n\n2019年12月1日公布　自2020年1月1日起施行\n\n" + "\n\n".join(
    ("第一条　为了过冬，制定本条例。", "第二条　应当书面申请，十五日内办结。", "第三条　补助按月发放。")
)


@pytest.fixture(scope="module")
def laws(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    (folder / "暖冬救助条例.md").write_text(LAW, encoding="utf-8")
    knowledge_base = KnowledgeBase(folder / "data", builtin_embedder())
    take_in(knowledge_base, find_files([folder / "暖冬救助条例.md"]))
    yield knowledge_base
    knowledge_base.close()


def test_an_article_that_is_held_is_found(laws):
    looked = look_up("暖冬救助条例第二条怎么说", laws, Asker())
    assert [hit.passage.locator for hit in looked.hits] == ["第二条"] and not looked.missing
    assert "十五日内" in looked.hits[0].passage.text


def test_an_article_that_does_not_exist_is_said_not_to_exist(laws):
    assert look_up("暖冬救助条例第四百条", laws, Asker()).missing == (
        "《暖冬救助条例》里没有第四百条，它的最后一条是第三条。请核对条号。",
    )


def test_a_text_that_is_not_held_is_said_not_to_be_held(laws):
    assert look_up("《星际社工法》怎么规定", laws, Asker()).missing[0].startswith("知识库里没有《星际社工法》")
