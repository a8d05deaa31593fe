"""Every word that the page shows. Sentences with {names} are filled with `str.format`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

PRODUCT = "社工知库"
TAGLINE = "政策与实务，句句有出处"
ASSISTANCE = "辅助参考，以原文和主管部门解释为准"
ASK, LIBRARY = "问答", "文库"
SKIP_TO_CONTENT = "跳到正文"

# --- 问答 -------------------------------------------------------------------------------------------------------

SUGGESTED = (
    "低保申请多久能批下来",
    "爸爸坐牢妈妈跑了孩子归谁管",
    "老人被儿子赶出家门怎么办",
    "家暴可以申请保护令吗",
    "志愿服务时长谁来记",
    "特困人员怎么认定",
    "服务对象不想见我怎么办",
    "小组活动冷场怎么办",
)
WELCOME = "遇到什么事，直接问"
WELCOME_MORE = "用平时说话的方式问就行。回答逐句注明出处，点开能看到原文；找不到依据会直说。"
SUGGESTED_HEADING = "同行常问"
QUESTION = "问题"
QUESTION_PLACEHOLDER = "写下要问的事，回车发送"
SEND = "提问"
PROVINCE, CITY, DAY = "地区", "市（州）", "按哪一天的规定"
WHOLE_PROVINCE = "全省（区、市）"
DAY_PLACEHOLDER = "今天"
CLEAR = "清空对话"
NEW_PLACE = "{region} · {day}"
TODAY = "今天"

SEARCHING = "正在查找…"
WRITING = "正在写…"
CUT_SHORT = "这一问没有答完，可以再问一次。"
EMPTY_QUESTION = "还没有写问题。写下要问的事再发送。"
LONG_QUESTION = "问题较长，只按前 {most} 个字查找。拆成几个短问题，会答得更准。"
WRONG_DAY = "日期要写成 2018-06-01 这样；这一问先按今天的规定回答。"
BUSY = "系统忙，请稍候再试"
OFFLINE = "连不上社工知库，请看看它是否还开着；连上后可以接着用，问过的都还在。"
ONLINE = "已重新连上"

SECTIONS = {"政策依据": "政策依据", "实务指引": "实务指引", "相关案例": "相关案例"}
SOURCES = "依据"
SOURCES_COUNT = "依据（{count} 条）"
WRITTEN_BY = "由 {model} 根据下列依据写成，请逐条核对原文。"
CITATION_LABEL = "出处 {number}：{label}"
OPEN, COPY_QUOTE, COPY_ANSWER, COPIED = "打开原文", "复制引文", "复制回答（含引文）", "已复制"
COPY_FAILED = "复制不了，请选中文字后复制"
QUESTION_MARK, ANSWER_MARK = "问", "答"
EFFECTIVE = "{day} 施行"
ISSUED = "{day} 发布"
PAGE = "第 {page} 页"
INVENTED = "虚拟案例"
DIGEST = "要点整理"
CHECKED = "{day} 核对"
NOTICE = "注意"

NOT_FOUND = "没有找到可靠依据"
NOT_FOUND_MORE = "所以这里不作回答。资料里没有，不等于没有这方面的规定。"
LOOKED_FOR = "找过这些词"
NEAREST = "最接近的资料（没有直接回答，仅供查阅）"
TO_LIBRARY = "到文库里按标题找"
WHOM_TO_ASK = "可以问谁"

TOUCHES = "资料里没有直接回答这个问题"
TOUCHES_MORE = "下面只是最接近的内容，不是答案。请先核对是不是要找的，再决定怎么用。"
NEAR_SECTION = "{section}（相近内容）"
NEAR_SOURCES_COUNT = "相近内容的出处（{count} 条）"

WHY = "为什么这样判断"
WHY_ANSWERS = "判断：资料里有答案。把握{percent}。"
WHY_TOUCHES = "判断：资料里只有相近的内容。有答案的把握{percent}。"
WHY_NONE = "判断：资料里没有可靠依据。有答案的把握{percent}。"
WHY_NAMED = "问题写明了法规和条号，直接取了那一条，下面各项没有起作用。"
WHY_NOTHING_TO_QUOTE = "找到的内容算相近（把握{percent}），但问题写明的资料这里没有，或者摘不出能直接引用的句子，所以没有回答。"
WHY_SCALE = "把握到 {answers}% 才直接回答；{touches}% 到 {answers}% 只列相近内容；再低就不回答。"
WHY_SCALE_OF_TWO = "把握到 {answers}% 才回答；再低就不回答。"
WHY_FROM_NONE = "先当作资料里没有，再按各项加减。分量最重的是："
WHY_FROM_HELD = "先当作资料里有，再按各项加减。分量最重的是："
HARDLY, ABOUT, NEARLY = "不到 1%", "约 {percent}%", "在 99% 以上"
ADDS = ("加分多", "加分", "略加分")
TAKES = ("减分多", "减分", "略减分")
# What each sign of assistant/evidence.py says, by the value from which it is said; {percent} is the value itself.
SIGNS: Mapping[str, Sequence[tuple[float, str]]] = {
    "问法像资料答得了的": (
        (0, "这样问的，多半是法规政策里不会写的事"),
        (0.35, "这样问的，法规政策里有的写、有的不写"),
        (0.65, "这样问的，多半是法规政策里会写的事"),
    ),
    "最近一段的相似度": ((0, "意思最近的一段，和问题的接近程度是 {percent}"),),
    "第一段的相似度": ((0, "排在最前的一段，意思和问题的接近程度是 {percent}"),),
    "前五段的相似度": ((0, "最前面的五段，意思和问题的接近程度平均是 {percent}"),),
    "一段覆盖的问题": ((0, "问题里的要紧词，单独一段最多提到 {percent}"),),
    "第一段覆盖的问题": ((0, "问题里的要紧词，排在最前的一段提到 {percent}"),),
    "前五段合起来没提到的": ((0, "问题里的要紧词，最前面的五段合起来还有 {percent} 没提到"),),
    "没提到的最少见的词": (
        (0, "最前面的五段没提到的，只是常见的词"),
        (0.5, "问题里有个不太常见的词，最前面的五段都没提到"),
        (0.85, "问题里有个很少见的词，最前面的五段都没提到"),
    ),
    "排序分": (
        (-1, "排在最前的一段，综合比较得分很低"),
        (-0.5, "排在最前的一段，综合比较得分偏低"),
        (0, "排在最前的一段，综合比较得分偏高"),
        (0.5, "排在最前的一段，综合比较得分很高"),
    ),
    "排序分拉开": ((0, "排在最前的几段不相上下"), (0.3, "排在最前的一段比后面的好一些"), (0.6, "排在最前的一段比后面的好得多")),
    "两路都找到": ((0, "按字词找、按意思找，都找到了排在最前的一段"),),
    "问什么有什么": ((0, "看不出问题要的是数目、期限还是别的哪一类"), (1, "问题要的那类内容（如期限、数目、材料），最前面的两段里有")),
    "同一文件多段": ((0, "最前面的五段出自不同的资料"), (0.4, "最前面的五段里，有 {percent} 出自同一份资料")),
    "问题很短": ((0, "问题里可以拿来找的词够多"), (0.25, "问题里可以拿来找的词很少")),
    "问题很长": ((0, "问题不算长"), (0.4, "问题很长，说到的事多")),
    "资料里没有的词": ((0, "问题里有 {percent} 的词，资料里几乎没出现过"),),
}
SIGN_BEYOND = "看起来是“{name}”一类的问题，资料里一般没有"
SIGN_OTHER = "{name}：{percent}"

DANGER = "先保安全：{danger}"
NOW, TELL, RECORD, AVOID = "现在就做", "告诉谁", "记下来", "不要做"
BASIS = "依据"

# --- 文库 -------------------------------------------------------------------------------------------------------

SEARCH = "查标题、文号、机关"
SEARCH_PLACEHOLDER = "例如 低保、民发〔2021〕、最高人民法院"
KIND, LEVEL, REGION, STATUS, TOPIC = "类别", "级别", "地区", "状态", "主题"
ALL = "全部"
CHOICE = "{name}（{count}）"
NO_LEVEL = "未注明"
COUNT_ALL = "共 {total} 份资料"
COUNT_SOME = "符合的有 {found} 份，共 {total} 份资料"
COUNT_PAGE = "第 {first}–{last} 份"
NOTHING_FITS = "没有符合的资料。少选几个条件，或换个写法再试。"
NO_DOCUMENTS = "文库里还没有资料。请管理员用 shegong ingest 收录。"
PREVIOUS, NEXT, RESET = "上一页", "下一页", "清除条件"
COLUMNS = ("标题", "类别", "地区", "日期", "状态", "来源")
UNTITLED = "无标题"

# --- 原文 -------------------------------------------------------------------------------------------------------

BACK_TO_ASK, BACK_TO_LIBRARY = "返回问答", "返回文库"
TO_CITE = "到引用处"
NUMBER, ISSUER, ISSUED_ON, EFFECTIVE_ON, UNTIL = "文号", "机关", "发布日期", "施行日期", "失效日期"
VALID_ON = "状态"
SOURCE_FILE, TAKEN_FROM, CHECKED_ON, TOPICS = "来源文件", "整理依据", "核对日期", "主题"
VERSIONS = "版本沿革"
THIS_VERSION = "本版"
CONTENTS = "目录"
NO_DATE = "日期不详"
ARTICLES = "{first}—{last}"
PAGE_MARK = "第 {page} 页"
NO_SUCH_DOCUMENT = "没有这份资料"
NO_SUCH_DOCUMENT_MORE = "它可能已被更新或移除。可以到文库按标题查找，或回到问答再问一次。"
TRY_LATER = "暂时打不开"
NO_SUCH_PAGE = "没有这个页面"
NO_SUCH_PAGE_MORE = "地址可能写错了。可以从问答或文库进入。"

# --- 启动 -------------------------------------------------------------------------------------------------------

OPENED = "社工知库已打开：{address}\n在浏览器里打开这个地址即可使用；按 Ctrl+C 停止。"
PORT_BUSY = (
    "端口 {port} 已被别的程序占用，网页没有打开。请关掉那个程序，或换一个端口，如 shegong serve --port {other}。"
)
HOST_WRONG = "地址 {host} 不能用来打开网页（{reason}）。请改用 127.0.0.1（只在本机）或本机的局域网地址。"
