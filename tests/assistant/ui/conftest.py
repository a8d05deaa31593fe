"""A small station: three invented texts taken in, the application over them, and a browser where there is one."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.answering import Assistant
from assistant.evidence import Calibration
from assistant.ui.app import create_app
from ingest.pipeline import find_files, take_in
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from tests.fakes import NO_WORDING

LAW = """# 暖冬救助条例

{day} 云上大会常务委员会通过

## 第一章 总则

第一条 为了帮助生活困难的家庭过冬，制定本条例。

第二条 本条例所称取暖补助，是指冬季发给困难家庭的现金补助。

## 第二章 申请和办理

第三条 申请取暖补助的家庭，应当向户籍所在地的乡镇人民政府提出书面申请，并提交家庭收入证明。

第四条 乡镇人民政府应当自收到取暖补助申请之日起{days}内完成入户调查并作出决定。

第五条 取暖补助按月发放，每户每月不低于一百元。

## 第三章 附则

第六条 本条例自{day}起施行。
"""
GUIDE = """---
kind: training
title: 入户探访怎么做
---
# 入户探访怎么做

## 出发之前

探访独居老人之前先打电话约好时间，带上工作证。<script>document.title = "破坏"</script>

## 进门以后

探访时先自我介绍，再问近况；<img src=x onerror="document.title='破坏'">探访结束当天写好记录。
"""
LOCAL = """---
kind: policy
title: 浙江省取暖补助试行办法
region: 浙江省
invented: true
---
# 浙江省取暖补助试行办法

第一条 申请取暖补助，应当向户籍所在地的乡镇人民政府提出书面申请。

第二条 乡镇人民政府应当自收到取暖补助申请之日起十个工作日内作出决定。

第三条 本办法自2020年2月1日起施行。
"""
ONLY_TOUCHES = Calibration(0.0, {"一段覆盖的问题": 2.0, "前五段合起来没提到的": -1.0}, answers=1.1, touches=0.0, wording=NO_WORDING)
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
QUESTION = "取暖补助申请多少天能办下来"


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, KnowledgeBase]]:
    """Settings and knowledge base of the station."""
    folder = tmp_path_factory.mktemp("station")
    files = folder / "资料"
    files.mkdir()
    (files / "暖冬救助条例(2010-01-01).md").write_text(LAW.format(day="2010年1月1日", days="三十个工作日"), encoding="utf-8")
    (files / "暖冬救助条例(2020-03-01).md").write_text(LAW.format(day="2020年3月1日", days="十五个工作日"), encoding="utf-8")
    (files / "入户探访.md").write_text(GUIDE, encoding="utf-8")
    settings = Settings(data_folder=folder / "data")
    knowledge_base = KnowledgeBase.open(settings)
    take_in(knowledge_base, find_files([files]))
    yield settings, knowledge_base
    knowledge_base.close()


@pytest.fixture(scope="session")
def knowledge_base(station: tuple[Settings, KnowledgeBase]) -> KnowledgeBase:
    return station[1]


@pytest.fixture
def local_text(knowledge_base: KnowledgeBase, tmp_path: Path) -> Iterator[None]:
    """A text of one province, held only while a test runs."""
    file = tmp_path / "浙江省取暖补助试行办法.md"
    file.write_text(LOCAL, encoding="utf-8")
    take_in(knowledge_base, find_files([file]))
    yield
    knowledge_base.remove([source for source in knowledge_base.sources() if file.name in source])


@pytest.fixture(scope="session")
def application(station: tuple[Settings, KnowledgeBase]) -> FastAPI:
    settings, knowledge_base = station
    return create_app(settings, knowledge_base, Assistant(knowledge_base))


@pytest.fixture(scope="session")
def client(application: FastAPI) -> Iterator[TestClient]:
    with TestClient(application) as client:
        yield client


# --- a browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def site(station: tuple[Settings, KnowledgeBase]) -> Iterator[str]:
    """The address of the application, really listening."""
    settings, knowledge_base = station
    with listening(create_app(settings, knowledge_base, Assistant(knowledge_base))) as address:
        yield address


@pytest.fixture(scope="session")
def touching_site(station: tuple[Settings, KnowledgeBase]) -> Iterator[str]:
    """The same, but whatever is found only touches what was asked."""
    settings, knowledge_base = station
    with listening(create_app(settings, knowledge_base, Assistant(knowledge_base, calibration=ONLY_TOUCHES))) as address:
        yield address


@contextmanager
def listening(application: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").sync_playwright().start()
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
    yield browser
    browser.close()
    playwright.stop()


class Visit:
    """One person's browser window; remembers what it asked of other computers and what its scripts complained of."""

    def __init__(self, page, site: str) -> None:
        self.page, self.site = page, site
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open("/")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site}{path}")
        if not path.startswith("/doc/"):
            self.page.wait_for_selector("#tabs button")

    def ask(self, question: str) -> None:
        self.page.fill("#question textarea", question)
        self.page.press("#question textarea", "Enter")
        self.page.locator("#current .turn:not(.pending) h2").filter(has_text=question[:20]).wait_for()
        self.page.wait_for_timeout(200)  # Gradio takes the next question only when it has closed this one

    def overflows(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def _note(self, request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.outside.append(request.url)


@pytest.fixture(params=[(1280, 800)], ids=["wide"])
def visit(request: pytest.FixtureRequest, chromium, site: str) -> Iterator[Visit]:
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-US")
    context.set_default_timeout(20_000)
    visit = Visit(context.new_page(), site)
    yield visit
    context.close()
    assert not visit.outside
    assert not visit.errors

