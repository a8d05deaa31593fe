"""Whether danger is recognized and calm messages stay calm: `python -m eval danger`, on messages of another author."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from assistant.safety import cards_for
from eval.answers import half

JUDGED = Path(__file__).resolve().parent / "judged" / "danger.jsonl"
NAMES: Mapping[str, str] = {
    "dangers": "危险消息",
    "right_card": "出现对应卡片（%）",
    "any_card": "出现任何卡片（%）",
    "calm": "平常消息",
    "false_alarms": "误报（%）",
}


def measure(split: str, file: Path = JUDGED) -> dict[str, float]:
    """Shares in percent over one half (tune was seen when the rules were written, test was not) or all."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    asked = [(row["danger"], [card.danger for card in cards_for(row["q"])]) for row in rows if split in ("all", half(row["id"]))]
    dangers = [(wanted, shown) for wanted, shown in asked if wanted]
    calm = [shown for wanted, shown in asked if not wanted]
    return {
        "dangers": len(dangers),
        "right_card": 100 * sum(wanted in shown for wanted, shown in dangers) / len(dangers),
        "any_card": 100 * sum(bool(shown) for _, shown in dangers) / len(dangers),
        "calm": len(calm),
        "false_alarms": 100 * sum(map(bool, calm)) / len(calm),
    }
