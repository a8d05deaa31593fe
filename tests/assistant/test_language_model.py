"""With a language model: the answer streams, keeps only cited sentences, and becomes the extract when the model fails."""

import time
from datetime import date

import pytest

from assistant.answering import Assistant
from assistant.language_model import OpenAILikeModel, language_model_for
from kb.errors import LanguageModelError
from kb.models import Asker
from kb.settings import LanguageModelSettings
from tests.fakes import FakeLanguageModel, cited_sentences, openai_server

QUESTION = "申请取暖补助向谁提出，几日内办结"
ASKER = Asker(day=date(2026, 11, 25))

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of LlamaIndex when it is imported


@pytest.fixture
def extract(laws):
    """The answer without a model."""
    return Assistant(laws).answer(QUESTION, ASKER)


def model_at(server, **settings):
    return language_model_for(LanguageModelSettings(base_url=server.base_url, model="试用", **settings))


def assert_is_the_extract(answer, extract, reason):
    """The same statements and citations as without a model, and one notice that says why."""
    assert answer.complete and answer.written_by == "摘录"
    assert (answer.statements, answer.citations) == (extract.statements, extract.citations)
    assert answer.notices == (*extract.notices, f"大模型暂时用不上（{reason}），以下是直接摘自原文的回答。")


# --- a model that behaves ---------------------------------------------------------------------------------------


def test_the_answer_streams_and_ends_complete_in_the_model_s_words(laws, monkeypatch):
    monkeypatch.setattr("assistant.composing.language_model._SHOWN_EVERY_S", 0.0)
    shown = list(Assistant(laws, FakeLanguageModel()).stream(QUESTION, ASKER))
    assert len(shown) > 3 and [answer.complete for answer in shown] == [False] * (len(shown) - 1) + [True]
    lengths = [sum(len(each.text) for each in answer.statements) for answer in shown]
    assert lengths == sorted(lengths) and shown[-1].written_by == "试用模型"


def test_every_statement_is_cited_and_every_quote_stands_in_its_passage(laws):
    answer = Assistant(laws, FakeLanguageModel()).answer(QUESTION, ASKER)
    numbers = {citation.number for citation in answer.citations}
    assert answer.statements and all(set(each.citations) <= numbers and each.citations for each in answer.statements)
    assert all(quote in citation.hit.passage.text for citation in answer.citations for quote in citation.quotes)
    assert not any("[" in each.text for each in answer.statements)


def test_the_model_is_given_the_sources_with_number_and_status_and_the_question(laws):
    model = FakeLanguageModel()
    Assistant(laws, model).answer(QUESTION, ASKER)
    (prompt,) = model.prompts
    assert "[1] 《暖冬救助条例》第2条（现行有效）\n申请取暖补助" in prompt and prompt.endswith(f"问题：{QUESTION}")
    assert "三十日" not in prompt  # the version that no longer holds


def test_the_model_is_not_asked_where_the_evidence_is_too_thin(laws):
    model = FakeLanguageModel()
    answer = Assistant(laws, model).answer("火星移民的签证怎么办理", ASKER)
    assert not answer.found and model.prompts == [] and answer.advice


@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_a_model_that_fails_midway_leaves_the_extract(laws, extract, pieces):
    answer = Assistant(laws, FakeLanguageModel(fails_after=pieces)).answer(QUESTION, ASKER)
    assert_is_the_extract(answer, extract, "连不上模型服务")


def writes(text):
    """A model that writes `text` whatever it is asked."""

    class Model(FakeLanguageModel):
        def stream(self, instruction, prompt):
            yield text

    return Model()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("应当向乡镇人民政府申请[1]。另外我猜可以网上办。", ["应当向乡镇人民政府申请。"]),
        ("应当向乡镇人民政府申请。[1] 没有出处的话。", ["应当向乡镇人民政府申请。"]),
        ("出处不存在[99]。应当申请[1]。", ["应当申请。"]),
        ("<think>先想想[1]。</think>应当申请[1]。", ["应当申请。"]),
        ("- **应当申请**[1]。\n- 十五日内办结[1]。", None),
    ],
)
def test_only_sentences_with_a_source_are_kept(laws, text, kept):
    answer = Assistant(laws, writes(text)).answer(QUESTION, ASKER)
    assert all(statement.citations == (1,) for statement in answer.statements)
    if kept is not None:
        assert [statement.text for statement in answer.statements] == kept


def test_a_model_that_finds_too_little_leaves_the_extract(laws, extract):
    answer = Assistant(laws, writes("资料不足，无法回答。")).answer(QUESTION, ASKER)
    assert (answer.statements, answer.written_by) == (extract.statements, "摘录")


def test_a_model_that_writes_without_end_is_stopped(laws, extract):
    answer = Assistant(laws, writes("好" * 7000)).answer(QUESTION, ASKER)
    assert_is_the_extract(answer, extract, "模型的回答过长")


# --- an endpoint, behaving and misbehaving ----------------------------------------------------------------------


def test_without_address_and_name_there_is_no_model():
    assert language_model_for(LanguageModelSettings()) is None


def test_an_endpoint_answers_with_citations(laws):
    with openai_server("well") as server:
        answer = Assistant(laws, model_at(server, api_key="sk-1")).answer(QUESTION, ASKER)
    assert answer.written_by == "试用" and answer.statements and answer.notices == ()
    (request,) = server.requests
    assert request["model"] == "试用" and request["stream"] is True and request["max_tokens"] == 1200
    assert server.keys == ["Bearer sk-1"]
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    written = cited_sentences(request["messages"][1]["content"])
    assert all(statement.text.rstrip("。") in written for statement in answer.statements)


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("rubbish", "模型没有写出有依据的内容"),
        ("not json", "模型服务返回了看不懂的内容"),
        ("error", "模型服务出错，状态码 500"),
        ("wrong key", "模型服务拒绝了密钥"),
        ("cites nothing", "模型没有写出有依据的内容"),
        ("silent", "模型没有写出有依据的内容"),
    ],
)
def test_an_endpoint_that_misbehaves_leaves_the_extract_with_the_reason(laws, extract, mood, reason):
    with openai_server(mood) as server:
        answer = Assistant(laws, model_at(server)).answer(QUESTION, ASKER)
    assert_is_the_extract(answer, extract, reason)
    assert len(server.requests) == 1  # a failed question is not asked again behind the reader's back


def test_an_endpoint_that_breaks_off_in_the_middle_leaves_the_extract(laws, extract):
    with openai_server("breaks off") as server:
        answer = Assistant(laws, model_at(server)).answer(QUESTION, ASKER)
    assert answer.written_by == "摘录" and answer.statements == extract.statements
    assert len(answer.notices) == len(extract.notices) + 1 and "大模型暂时用不上" in answer.notices[-1]


def test_an_endpoint_that_is_down_leaves_the_extract(laws, extract):
    with openai_server() as server:
        model = model_at(server)
    assert_is_the_extract(Assistant(laws, model).answer(QUESTION, ASKER), extract, "连不上模型服务")


def test_an_endpoint_that_is_slow_is_waited_for_as_long_as_the_settings_say(laws, extract):
    with openai_server("slow") as server:
        started = time.monotonic()
        answer = Assistant(laws, model_at(server, timeout_s=0.3)).answer(QUESTION, ASKER)
        assert 0.3 <= time.monotonic() - started < 5
    assert_is_the_extract(answer, extract, "等待超时")


def test_the_model_is_back_when_the_endpoint_is(laws):
    with openai_server("error") as server:
        assistant = Assistant(laws, model_at(server))
        assert assistant.answer(QUESTION, ASKER).written_by == "摘录"
        server.mood = "well"
        assert assistant.answer(QUESTION, ASKER).written_by == "试用"


def test_an_address_that_is_none_is_a_language_model_error():
    model = OpenAILikeModel(LanguageModelSettings(base_url="没有这个地址", model="试用"))
    with pytest.raises(LanguageModelError):
        list(model.stream("指示", "问题"))
