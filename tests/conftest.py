"""What every test stands on: no network, no settings from outside, and a small knowledge base of invented laws."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contracts")
os.environ.update(HF_HUB_OFFLINE="1", GRADIO_ANALYTICS_ENABLED="False", ANONYMIZED_TELEMETRY="False")

from kb.embedder import builtin_embedder  # noqa: E402
from kb.knowledge_base import KnowledgeBase  # noqa: E402
from tests.fakes import Entry, FakeEmbedder, entry, publish  # noqa: E402

# --- no network -------------------------------------------------------------------------------------------------

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")
_outbound: list[str] = []


class NetworkBlocked(OSError):
    """A test reached for another computer."""


def _block(event: str, arguments: tuple[object, ...]) -> None:
    """Let through 127.0.0.1 only; an audit hook also sees what libraries do with the socket they kept."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name and not name.startswith(_LOCAL):
        _outbound.append(f"{event} {name}")
        raise NetworkBlocked(f"tests may not reach {name}")


sys.addaudithook(_block)


@pytest.fixture(autouse=True)
def _no_outbound_connection() -> Iterator[list[str]]:
    _outbound.clear()
    yield _outbound
    tried, _outbound[:] = list(_outbound), []
    assert not tried, f"outbound connections were tried: {tried}"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("SHEGONG_")]:
        monkeypatch.delenv(name)


# --- invented laws ----------------------------------------------------------------------------------------------

ANHUI, ANQING, HUBEI = "安徽省", "安徽省/安庆市", "湖北省"


def invented_laws() -> list[Entry]:
    """Laws of no country: two versions, one that repeals another, provinces, one not yet in force, one undated."""
    invented = {"invented": True}
    return [
        entry(
            "暖冬救助条例", "为了帮助困难家庭过冬，制定本条例。",
            "申请取暖补助，应当向乡镇人民政府提出书面申请，三十日内办结。",
            source="暖冬救助条例（2009年）.md", issued=date(2009, 12, 1), effective=date(2010, 1, 1), **invented,
        ),
        entry(
            "暖冬救助条例", "为了帮助困难家庭平安过冬，制定本条例。",
            "申请取暖补助，应当向乡镇人民政府提出书面申请，十五日内办结。",
            "取暖补助按月发放，每户每月不低于一百元。",
            issued=date(2019, 12, 1), effective=date(2020, 1, 1), repeals=("送煤下乡办法",), **invented,
        ),
        entry("送煤下乡办法", "冬季取暖用煤由乡镇统一配送到户。", effective=date(2005, 1, 1), **invented),
        entry("安徽省暖冬救助办法", "安徽省取暖补助每户每月二百元。", region=ANHUI, effective=date(2021, 1, 1), **invented),
        entry("安庆市暖冬救助细则", "安庆市取暖补助向社区居委会申请。", region=ANQING, effective=date(2021, 6, 1), **invented),
        entry("湖北省暖冬救助办法", "湖北省取暖补助每户每月三百元。", region=HUBEI, effective=date(2021, 1, 1), **invented),
        entry("护林员补贴办法", "护林员补贴按季度发放，每季度九百元。", effective=date(2030, 1, 1), **invented),
        entry("河灯管理办法", "放河灯应当避开航道。", **invented),
        entry("入户探访怎么做", "入户探访前先打电话约好时间，探访后当天写记录。", kind="training", **invented),
        entry("独居老人过冬个案", "社工发现老人家中没有取暖设备，协助他申请取暖补助。", kind="case", **invented),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def laws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """The invented laws with the built-in model; for reading only."""
    knowledge_base = KnowledgeBase(tmp_path_factory.mktemp("laws"), builtin_embedder())
    publish(knowledge_base, *invented_laws())
    yield knowledge_base
    knowledge_base.close()


@pytest.fixture
def embedder() -> FakeEmbedder:
    """A small model that counts what it embeds."""
    return FakeEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty data folder."""
    return tmp_path / "data"


@pytest.fixture
def empty(folder: Path, embedder: FakeEmbedder) -> Iterator[KnowledgeBase]:
    """A knowledge base without documents, for writing."""
    knowledge_base = KnowledgeBase(folder, embedder)
    yield knowledge_base
    knowledge_base.close()
