import re
import socket

import pytest
from fastapi.testclient import TestClient

from assistant.answering import Assistant
from assistant.ui import app as app_module
from assistant.ui import texts
from assistant.ui.app import create_app
from kb.errors import SettingsError
from kb.settings import ServerSettings


def some_law(knowledge_base):
    return next(summary for summary in knowledge_base.summaries() if summary.kind == "policy")


def test_health_counts_documents(client, knowledge_base):
    assert client.get("/healthz").json() == {"status": "ok", "documents": len(knowledge_base.summaries())}


def test_the_front_page_is_ours(client):
    page = client.get("/").text
    assert ('lang="zh-CN"' in page and "<title>" in page) or texts.PRODUCT in page
    assert "/page/style.css" in page and "/page/page.js" in page
    assert 'rel="preconnect"' not in page and "raw.githubusercontent.com" not in page and "manifest.json" not in page


def test_only_scripts_with_the_nonce_of_this_answer_run(client):
    first, second = client.get("/"), client.get("/")
    nonce = re.search(r"'nonce-([\w-]+)'", first.headers["content-security-policy"]).group(1)
    assert nonce not in second.text
    assert "'unsafe-inline'" not in re.search(r"script-src[^;]*", first.headers["content-security-policy"]).group()
    assert len(re.findall(r"<script(?! nonce=| src=\"/page/)", first.text)) == 0 and f'nonce="{nonce}"' in first.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/doc/nothing", "/page/style.css", "/theme.css", "/nothing/here"])
def test_every_answer_carries_the_protections(client, path):
    headers = client.get(path, headers={"Origin": "http://testserver"}).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "http:" not in policy and "https:" not in policy and "*" not in policy
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_another_site_may_ask_for_nothing(client, method):
    answer = client.request(method, "/gradio_api/queue/join", headers={"Origin": "https://evil.example"}, content=b"{}")
    assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/docs", "/openapi.json", "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/file=/etc/passwd", "/gradio_api/upload",
        "/gradio_api/run/ask", "/gradio_api/call/ask", "/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/runs", "/gradio_api/vibe-code",
        "/monitoring", "/file=/etc/passwd", "/page/../app.py", "/login", "/gradio_api/component_server",
    ],
)  # fmt: skip
def test_what_the_page_does_not_need_is_closed(client, path):
    assert client.get(path).status_code == 404 and client.post(path).status_code in (404, 405)


def test_a_huge_body_is_refused_before_it_is_read(client):
    answer = client.post("/gradio_api/queue/join", headers={"Content-Length": "999999999"}, content=b"{}")
    assert answer.status_code == 413


def test_a_document_opens_with_the_quoted_sentence_marked(client, knowledge_base):
    document = knowledge_base.document(some_law(knowledge_base).id)
    start = document.text.index("每户每月不低于一百元")
    answer = client.get(f"/doc/{document.id}", params={"at": f"{start}-{start + 10}"})
    assert answer.status_code == 200
    assert '<mark id="cite">每户每月不低于一百元</mark>' in answer.text
    assert "<script" not in answer.text and "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing", "%3Cscript%3E", "a" * 3000])
def test_an_unknown_document_is_told_kindly_with_a_way_back(client, name):
    answer = client.get(f"/doc/{name}")
    assert answer.status_code == 404 and texts.NO_SUCH_DOCUMENT in answer.text
    assert 'href="/?tab=ask"' in answer.text and 'href="/?tab=library"' in answer.text


def test_a_failure_inside_is_told_without_its_details(station, monkeypatch):
    settings, knowledge_base = station
    broken = create_app(settings, knowledge_base, Assistant(knowledge_base))
    monkeypatch.setattr("assistant.ui.reading.reading_of", lambda *_: 1 / 0)
    answer = TestClient(broken, raise_server_exceptions=False).get("/doc/x")
    assert answer.status_code == 500 and texts.BUSY in answer.text and "division" not in answer.text


def test_nothing_is_remembered_that_another_process_may_have_changed(client, knowledge_base, tmp_path):
    from ingest.pipeline import find_files, take_in

    file = tmp_path / "新的.md"
    file.write_text("# 新的办法\n\n第一条 新的内容。\n\n第二条 自2021年1月1日起施行。\n", encoding="utf-8")
    before = client.get("/healthz").json()["documents"]
    take_in(knowledge_base, find_files([file]))
    source = next(source for source in knowledge_base.sources() if "新的" in source)
    added = knowledge_base.sources()[source].document_id
    try:
        assert client.get("/healthz").json()["documents"] == before + 1
        assert client.get(f"/doc/{added}").status_code == 200
    finally:
        knowledge_base.remove([source])
    assert client.get(f"/doc/{added}").status_code == 404


def test_a_taken_port_is_told_before_anything_is_opened(station, tmp_path):
    settings = station[0].model_copy(update={"data_folder": tmp_path / "unopened"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        busy = settings.model_copy(update={"server": ServerSettings(port=port)})
        with pytest.raises(SettingsError, match=f"端口 {port} 已被别的程序占用"):
            app_module.serve(busy)
    assert not (tmp_path / "unopened").exists()


def test_visible_words_are_chinese():
    words = [value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)]
    spoken = [said for word in words if (said := re.sub(r"\{\w+\}|[^\w]", "", word))]
    assert len(spoken) > 50 and all(re.search(r"[一-鿿]", said) for said in spoken)
