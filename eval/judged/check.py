"""Check questions.jsonl against the texts: every cited article exists, every fact stands in every cited place.

Usage: python3 eval/judged/check.py [laws folder]; exits 1 when something is wrong.
"""
import collections
import hashlib
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LAWS = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/corpus/laws"
ARTICLE = re.compile(r"(?m)^[\s#*>\-]*(第[〇零一二三四五六七八九十百千]+条)")


def squeeze(text):
    """The text without white space, asterisks and link targets."""
    return re.sub(r"[\s*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text))


def split_articles(text):
    """Article number to text; the whole text stands under the empty key."""
    parts = ARTICLE.split(text)
    articles = collections.defaultdict(str)
    for number, body in zip(parts[1::2], parts[2::2]):
        articles[number] += squeeze(body)
    articles[""] = squeeze(text)
    return articles


def load():
    """Title to (date, articles): the newest version of each law, then the units and cases."""
    found = {}
    for row in (LAWS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, title, date = row.split("\t")[:3]
        if "docs/civillaw" in file:
            continue
        title = re.sub(r"\s", "", title.replace("中华人民共和国", ""))
        articles = split_articles((LAWS / file).read_text(encoding="utf-8"))
        if title == "民法典" and title in found:
            found[title][1].update(articles)
        elif title not in found or date >= found[title][0]:
            found[title] = (date, articles)
    for path in sorted(ROOT.glob("corpus/training/*.md")) + sorted(ROOT.glob("corpus/cases/*.md")):
        text = path.read_text(encoding="utf-8")
        found[re.search(r"(?m)^title:\s*(.+?)\s*$", text).group(1)] = ("", {"": squeeze(text)})
    return found


def main():
    """Print what is wrong and the counts."""
    texts, wrong, seen, counts = load(), [], set(), collections.Counter()
    for line in (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        name, facts = item["id"], [squeeze(f) for f in item["fact"].split("‖")]
        if name in seen or item["q"] in seen:
            wrong.append(f"{name}: repeated")
        seen |= {name, item["q"]}
        low, high = (30, 60) if "long" in item["style"] else (7, 40)
        if not low <= len(item["q"]) <= high:
            wrong.append(f"{name}: length {len(item['q'])}")
        if (item["kind"] == "none") != (not item["answers"] and not item["fact"]):
            wrong.append(f"{name}: kind and answers disagree")
        places = []
        for answer in item["answers"]:
            body = texts.get(answer["title"], ("", {}))[1].get(answer.get("article", ""))
            if body is None:
                wrong.append(f"{name}: no {answer}")
                continue
            places.append(body)
            if not any(f in body for f in facts):
                wrong.append(f"{name}: no fact in {answer}")
        if item["answers"] and not all(2 <= len(f) <= 20 and any(f in p for p in places) for f in facts):
            wrong.append(f"{name}: fact {item['fact']}")
        half = "tune" if int(hashlib.sha1(name.encode()).hexdigest(), 16) % 2 == 0 else "test"
        counts.update([item["kind"], half, *item["style"]])
    print(*wrong, sep="\n")
    print(dict(counts), f"wrong: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
