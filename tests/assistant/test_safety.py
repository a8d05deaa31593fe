"""What comes first when there is danger: every class by direct and indirect wording, and no card for a lecture."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from assistant.safety import all_cards, cards_for, fits, hotlines

SHARED = Path(__file__).resolve().parents[2].parent / "shared"

DANGERS = {
    "自杀自伤": [
        "我不想活了", "王婆婆说活着没意思，把存折都给了孙子", "孩子拿刀划自己胳膊", "他说死了就解脱了", "案主喝了农药",
        "她说自己是个累赘，走了你们就轻松了", "初二女生在朋友圈写 下辈子再见", "老人跟我说寿衣都准备好了", "他想一了百了",
        "阿姨吃了一整瓶安眠药", "我 不 想 活 了", "他爬到楼顶要跳楼",
    ],
    "正在发生的家庭暴力": ["老公喝醉酒打我怎么办", "男人又动手了，脸都肿了", "被丈夫打了不敢报警", "她前夫拿刀威胁她", "家暴可以申请保护令吗"],
    "虐待老人或残疾人": ["媳妇天天不给婆婆饭吃", "儿子把老娘锁在屋里", "护工打老人", "智障的弟弟被关在猪圈里，关在屋里"],
    "未成年人受侵害": [
        "邻居家女孩身上都是伤", "继父摸十岁的女儿", "学生被同学逼着下跪", "捡到一个弃婴", "女儿被她舅舅猥亵了", "13岁女孩怀孕了",
        "老师猥亵学生学校要报告吗",
    ],
    "走失或被遗弃": ["奶奶走丢了", "我爸有老年痴呆出门没回来，人不见了", "孩子放学没回家"],
    "精神危机伤人毁物": ["精神病人拿着刀要砍人", "他停药半个月了，今天追着邻居打人"],
    "火灾中毒或急病": ["屋里冒烟了", "老人摔了起不来", "一家人煤气中毒", "老人突然晕倒叫不醒"],
}  # fmt: skip
CALM = [
    "自杀预防讲座怎么准备", "家暴告诫书是什么", "反家暴宣传活动方案", "走失老人预防培训", "校园欺凌的定义", "低保申请多久能批下来",
    "离婚冷静期几天", "小组冷场怎么办", "家庭暴力受害人有哪些规定", "怎么写危机介入计划", "老人死了丧葬费谁出", "想死你了", "社区矫正请假",
    "志愿服务时长谁来记", "残疾证怎么办", "给老人打电话要注意什么", "孩子打针要钱吗",
]  # fmt: skip


@pytest.mark.parametrize(("danger", "question"), [(d, q) for d, questions in DANGERS.items() for q in questions])
def test_a_danger_is_recognized_however_it_is_said(danger, question):
    assert danger in [card.danger for card in cards_for(question)]


@pytest.mark.parametrize("question", CALM)
def test_a_lecture_or_an_everyday_question_is_no_emergency(question):
    assert cards_for(question) == ()


def test_a_lecture_turns_urgent_when_it_happens_now():
    assert cards_for("培训课上有个学员现在说她不想活了")


def test_where_there_is_violence_reconciling_is_not_offered():
    cards = cards_for("男人又动手了，脸都肿了")
    assert not fits(cards, "人民调解组织应当依法调解家庭纠纷，预防和减少家庭暴力的发生。")
    assert fits(cards, "可以向人民法院申请人身安全保护令。")
    assert fits((), "当事人可以向人民调解委员会申请调解。")


def test_only_numbers_of_the_kept_table_stand_in_a_card():
    for card in all_cards():
        text = "".join((*card.now, *card.tell, *card.record, *card.avoid))
        numbers = re.findall(r"(?<![\d〔])(1[12]\d{1,3})(?![\d号])", text)
        assert set(numbers) <= set(hotlines()), card.danger


def test_every_card_says_what_to_do_whom_to_tell_and_what_not_to_do():
    for card in all_cards():
        assert card.now and card.tell and card.record and card.avoid


def test_a_hotline_is_stale_after_half_a_year():
    entry = hotlines()["110"]
    assert not entry.is_stale(entry.checked_on + timedelta(days=180))
    assert entry.is_stale(entry.checked_on + timedelta(days=181))
    assert all(each.checked_on <= date.today() for each in hotlines().values())


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the reference laws (../shared) are not on this machine")
@pytest.mark.parametrize(
    ("file", "article", "says"),
    [
        ("未成年人保护法(2024-04-26)", "第十一条", "密切接触未成年人的单位及其工作人员"),
        ("反家庭暴力法(2015-12-27)", "第十四条", "社会工作服务机构"),
        ("反家庭暴力法(2015-12-27)", "第十五条", "公安机关接到家庭暴力报案后应当及时出警"),
        ("反家庭暴力法(2015-12-27)", "第二十三条", "人身安全保护令"),
        ("精神卫生法(2018-04-27)", "第二十八条", "疑似精神障碍患者发生伤害自身、危害他人安全的行为"),
        ("精神卫生法(2018-04-27)", "第三十条", "精神障碍的住院治疗实行自愿原则"),
        ("老年人权益保障法(2018-12-29)", "第三条", "虐待或者遗弃老年人"),
    ],
)
def test_the_laws_behind_a_card_say_what_the_card_says(file, article, says):
    path = next((SHARED / "corpus" / "laws" / "lawrefbook").rglob(f"{file}.md"))
    line = next(part for part in path.read_text(encoding="utf-8").split("\n\n第") if part.startswith(article[1:]))
    assert says in line
