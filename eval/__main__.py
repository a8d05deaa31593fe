"""The command line of the measurements: `python -m eval --help`. What a command needs is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.chinese_help import ChineseCommand, ChineseGroup, usage_error
from kb.errors import ShegongError

if TYPE_CHECKING:
    from eval.answers import Outcome
    from eval.bench_index import BenchIndex
    from eval.judgments import JudgedQuestion, JudgedSet, LayQuestion
    from eval.retrieval import Comparison
    from eval.runs import Values
    from kb.embedder import Embedder, StaticEmbedder

app = typer.Typer(
    cls=ChineseGroup,
    help="社工知库的评测命令。每次结果都存入 eval/results，本站自己的存入数据文件夹。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
Shared = Annotated[Path, typer.Option(help="评测数据文件夹（默认在项目文件夹旁边）")]
Cache = Annotated[Path | None, typer.Option(help="已建索引的存放处（默认在系统临时文件夹里）")]
RESULTS = Path(__file__).resolve().parent / "results"
Kept = Annotated[Path, typer.Option(help="评测记录所在的文件夹；本站自己的评测在 data/evaluations")]
Keep = Annotated[bool, typer.Option("--keep/--no-keep", help="是否把结果存入 eval/results")]


class SetName(StrEnum):
    """The judged sets."""

    STARD = "stard"
    LECARD = "lecard"
    LAY = "lay"


class SplitName(StrEnum):
    """Which half of a set."""

    TUNE = "tune"
    TEST = "test"
    ALL = "all"


@app.command(cls=ChineseCommand)
def retrieval(
    name: Annotated[SetName, typer.Option("--set", help="评测集：stard 法条、lecard 类案、lay 口语提问")] = SetName.STARD,
    split: Annotated[SplitName, typer.Option(help="哪一半问题：test 报告用、tune 调参用、all 全部")] = SplitName.TEST,
    held_out: Annotated[bool, typer.Option("--held-out", help="用留出模型评测没见过的问题（先运行 train-heldout）")] = False,
    with_trained: Annotated[bool, typer.Option("--with-trained", help="连同训练过的问题一起算（向量结果会虚高）")] = False,
    differences: Annotated[int, typer.Option(help="列出对比关键词变化最大的问题，变好变差各这么多", min=0)] = 0,
    shared: Shared = _SHARED,
    cache: Cache = None,
    keep: Keep = True,
) -> None:
    """关键词、向量、混合三种检索并排比较。"""
    if name is SetName.LAY:
        _lay(split.value, held_out, shared, cache, keep)
    else:
        _compare(name.value, split.value, held_out, with_trained, differences, shared, cache, keep)


@app.command("tune-fusion", cls=ChineseCommand)
def tune_fusion(
    lay_questions: Annotated[int, typer.Option(help="另抽取多少个口语提问")] = 300,
    shared: Shared = _SHARED,
    cache: Cache = None,
    keep: Keep = True,
) -> None:
    """在调参半份上比较融合权重、扩展词权重、标题权重（用留出模型）。"""
    from dataclasses import asdict

    from eval import fusion_tuning, heldout, lay, tables
    from eval.retrieval import hybrid_rankings

    model = heldout.model(_cache(cache))
    judged, questions = _judged("stard", "tune", True, shared)
    spoken = _spoken("tune", True, shared)[:lay_questions]
    index = _index(judged, model, cache)
    with lay.laws_taken_in(shared / "corpus" / "laws", model) as laws, _progress("试各种取值") as step:
        groups: dict[str, fusion_tuning.Group] = {
            "法条问题": lambda: hybrid_rankings(index, questions),
            "口语提问": lambda: ((asked.ranking, {lay.RIGHT: 1}) for asked in lay.ask_all(laws, spoken, depth=100)),
        }
        tried = fusion_tuning.tune(groups, report=lambda trial: step(0, 0))
    _console().print(*tables.trials(tried))
    _keep("tune-fusion", {"trials": [asdict(trial) for trial in tried]}, keep, model)


@app.command("train-heldout", cls=ChineseCommand)
def train_heldout(
    epochs: Annotated[int, typer.Option(help="全部训练数据看几遍", min=1)] = 2, shared: Shared = _SHARED, cache: Cache = None
) -> None:
    """训练评测用的留出模型：一部分问题不参加训练，只用来评测。"""
    from eval import heldout

    heldout.train(shared, _cache(cache), epochs=epochs)


@app.command(cls=ChineseCommand)
def speed(
    corpus: Annotated[Path | None, typer.Option(help="资料文件夹或 .tar.xz（默认用全部法规）")] = None,
    questions: Annotated[int, typer.Option(help="抽取多少个口语提问来计时")] = 200,
    shared: Shared = _SHARED,
    keep: Keep = True,
) -> None:
    """收录、检索、回答、启动的用时，内存与磁盘占用。"""
    from eval import judgments, tables
    from eval.speed import NAMES, measure

    asked = [question.text for question in judgments.read_lay_questions(shared)]
    chosen = corpus or shared / "corpus" / "laws_all.tar.xz"
    with _progress("收录资料") as step:
        numbers = measure(chosen, asked, count=questions, progress=step)
    _console().print(tables.named("速度与占用", numbers, NAMES))
    _keep(f"speed-{chosen.name.partition('.')[0]}", numbers, keep, _model(False, None))


@app.command("train-embedder", cls=ChineseCommand)
def train_embedder(
    epochs: Annotated[int, typer.Option(help="全部训练数据看几遍", min=1)] = 2, shared: Shared = _SHARED
) -> None:
    """从头训练自带的向量模型。"""
    from eval.errors import SharedMissing
    from eval.training import embedder

    if not (shared / "pairs").is_dir():
        raise SharedMissing(shared / "pairs")
    embedder.run(shared, epochs=epochs)


@app.command("train-ranking", cls=ChineseCommand)
def train_ranking(shared: Shared = _SHARED, cache: Cache = None, keep: Keep = True) -> None:
    """拟合排序模型，并列出每类特征的作用（先运行 train-heldout）。"""
    from eval import ablation, heldout, tables
    from eval.training import ranking

    model = heldout.model(_cache(cache))
    examples = ranking.run(shared, _cache(cache), model)
    numbers = ablation.without_each(examples)
    _console().print(*tables.ablation(numbers))
    _keep("train-ranking", numbers, keep, model)


@app.command("compare-encoders", cls=ChineseCommand)
def compare_encoders(
    layers: Annotated[int, typer.Option(help="小编码器有几层", min=1)] = 2,
    question_steps: Annotated[int, typer.Option(help="只编码问题的训练多少步", min=1)] = 600,
    both_steps: Annotated[int, typer.Option(help="问题、资料都编码的训练多少步", min=1)] = 120,
    seed: Annotated[int, typer.Option(help="随机种子")] = 20261124,
    sample: Annotated[int, typer.Option(help="两边都编码的，每组评测多少个问题", min=1)] = 150,
    shared: Shared = _SHARED,
    cache: Cache = None,
    keep: Keep = True,
) -> None:
    """自带的词向量模型和小型 Transformer 编码器比较：准不准、多快、多大（先运行 train-heldout）。"""
    from eval import encoders, heldout, judgments, tables
    from eval.training import ranking
    from eval.training.encoder import Plan, Size

    model = heldout.model(_cache(cache))
    examples = ranking.collect(shared, _cache(cache), model)
    pairs = heldout.pairs(shared, encoders.ASKED)
    cases = [text.text for text in judgments.read_set("lecard", shared).texts]
    size, plan = Size(layers=layers), Plan(question_steps=question_steps, both_steps=both_steps, seed=seed)
    numbers = encoders.compare(examples, pairs, cases, _cache(cache) / heldout.FOLDER, size, plan, sample)
    _console().print(*tables.encoders(numbers))
    _keep("compare-encoders", numbers, keep, model)


@app.command("fit-refusal", cls=ChineseCommand)
def fit_refusal(
    questions: Annotated[Path | None, typer.Option(help="站里自己的问题表（CSV，见 eval site --template）")] = None,
    data: Annotated[Path | None, typer.Option(help="站里的数据文件夹（默认按设置）；与 --questions 一起用")] = None,
    shared: Shared = _SHARED,
    keep: Keep = True,
) -> None:
    """重新拟合“资料够不够”的判断。资料或模型换了以后用；不写 --questions 时重做自带的。"""
    from assistant.evidence import KEPT
    from eval import refusal, tables
    from eval.training.ranking import laws_and_starter
    from kb.embedder import builtin_embedder
    from kb.models import Asker

    if questions is not None:
        _fit_site_refusal(questions, data)
        return
    labelled = refusal.read()
    with laws_and_starter(shared, builtin_embedder()) as knowledge_base, _progress("提问") as step:
        asked = refusal.ask(knowledge_base, labelled, Asker(), step)
    calibration, numbers = refusal.fit_and_check(asked)
    calibration.write(KEPT)
    _console().print(tables.verdicts("没参加拟合的一半问题", numbers))
    _keep("fit-refusal", {**numbers, "answers": calibration.answers, "touches": calibration.touches}, keep, _model(False, None))


def _fit_site_refusal(file: Path, data: Path | None) -> None:
    """The station's own questions with an answer, against its own without one and those that hardly any text answers."""
    from assistant.evidence import SITE_FILE
    from eval import question_file, refusal, tables
    from eval import site as station

    settings = station.settings_with(data)
    with closing(station.opened(settings)) as knowledge_base, _progress("提问") as step:
        own = question_file.read_questions(file, knowledge_base)
        asked = refusal.ask(knowledge_base, refusal.of_site(own), station.asker(settings), step)
    calibration = refusal.fit(asked)
    calibration.write(settings.data_folder / SITE_FILE)
    _console().print(tables.verdicts("站里的问题（也用于拟合）", refusal.shares(asked, calibration)))


@app.command(cls=ChineseCommand)
def answers(
    split: Annotated[SplitName, typer.Option(help="哪一半问题：test 报告用、tune 调参用、all 全部")] = SplitName.TEST,
    laws_only: Annotated[bool, typer.Option("--laws-only", help="只收录法规，不收录自带资料")] = False,
    questions: Annotated[Path | None, typer.Option(help="自己的题目（JSON 行，格式见 eval/judged/README.md）")] = None,
    shared: Shared = _SHARED,
    keep: Keep = True,
) -> None:
    """回答的头几行有没有需要的内容，没有依据的问题拒答了没有。"""
    from eval import answers as judging
    from eval import lay, tables
    from kb.models import Asker

    model = _model(False, None)
    asked = judging.read_questions(questions or judging.JUDGED, split)
    with lay.laws_taken_in(shared / "corpus" / "laws", model) as knowledge_base:
        if not laws_only:
            from assistant import starter

            starter.load(knowledge_base)
        with _progress("提问") as step:
            outcomes = _all(judging.judge(knowledge_base, asked, Asker()), len(asked), step)
    numbers = judging.summary(outcomes)
    _console().print(tables.named(f"回答 {split}", numbers, judging.names(judging.MEASURES)))
    about = {"split": str(split), "laws_only": laws_only}
    _keep("answers-laws" if laws_only else "answers", about | numbers, keep, model, judging.values(outcomes))


@app.command(cls=ChineseCommand)
def site(
    questions: Annotated[Path | None, typer.Option(help="题目，CSV 文件（Excel、WPS 另存为 CSV 即可）")] = None,
    data: Annotated[Path | None, typer.Option(help="数据文件夹；不写就用设置里的")] = None,
    template: Annotated[Path | None, typer.Option(help="写一份可以照着填的样表，不评测")] = None,
    keep: Keep = True,
) -> None:
    """用本站自己的题目评测本站的资料，记录存在数据文件夹的 evaluations 里。"""
    from eval import question_file
    from kb.errors import QuestionFileError

    if template:
        question_file.write_template(template)
        _console().print(f"样表已写好：{template}。请用 Excel、WPS 打开，照样填写，保存后用 --questions 评测。")
    elif questions:
        _site(questions, data, keep)
    else:
        raise QuestionFileError("没有写明题目文件。请加 --questions 题目.csv；还没有题目的，先用 --template 样表.csv 写一份样表。")


@app.command(cls=ChineseCommand)
def history(kept: Kept = RESULTS) -> None:
    """历次评测的主要数字，最近的在前。"""
    from eval import results, tables

    files = sorted(kept.glob("*.json"))
    for file in files:
        _console().print(tables.history(file.stem, results.history(file)))
    if not files:
        _console().print("这里还没有保存过评测。")


@app.command(cls=ChineseCommand)
def compare(
    before: Annotated[str, typer.Argument(metavar="甲", help="一次评测的名称（history 列出的），写独有的一段也行")],
    after: Annotated[str, typer.Argument(metavar="乙", help="另一次评测的名称")],
    differences: Annotated[int, typer.Option(help="列出变化最大的问题，变好变差各这么多", min=0)] = 10,
    kept: Kept = RESULTS,
    shared: Shared = _SHARED,
) -> None:
    """两次评测逐题比较：差多少，是不是偶然，哪些问题变好、哪些变差。"""
    from eval import runs, tables
    from eval.comparison import pairs
    from eval.known_texts import texts_of
    from eval.retrieval import WAYS

    old, new = runs.load(kept, before), runs.load(kept, after)
    texts = texts_of(old, shared) | texts_of(new, shared)
    for system, both in pairs(old, new):
        title = f"{WAYS.get(system, '')} 甲 {old.name} → 乙 {new.name}".strip()
        _console().print(tables.differences(title, "甲", "乙", both.differences()))
        if differences:
            _console().print(tables.moved(both.moved(), differences, texts))


@app.command(cls=ChineseCommand)
def plots(
    kept: Kept = RESULTS,
    to: Annotated[Path | None, typer.Option(help="图存在哪个文件夹（默认在评测记录旁的 plots）")] = None,
) -> None:
    """把最近的评测画成图：召回曲线、把握与对错、拒答取舍、用时分布。"""
    from eval import plots as drawing

    for file in drawing.draw(kept, to or kept / "plots"):
        _console().print(f"已画好 {file}")


@app.command(cls=ChineseCommand)
def danger(
    split: Annotated[SplitName, typer.Option(help="哪一半消息：test 报告用、tune 写规则时看过、all 全部")] = SplitName.TEST,
    keep: Keep = True,
) -> None:
    """危险情形有没有认出来，平常的话有没有误报。"""
    from eval import danger as recognizing
    from eval import tables

    numbers = recognizing.measure(split)
    _console().print(tables.named(f"危险情形 {split}", numbers, recognizing.NAMES))
    _keep("danger", {"split": str(split), **numbers}, keep, _model(False, None))


@app.command(cls=ChineseCommand)
def kill(
    rounds: Annotated[int, typer.Option(help="强行终止多少次", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="随机种子；不写就每次不同")] = -1,
    keep: Keep = True,
) -> None:
    """随机强行终止收录、替换、移除、重建之后，资料有没有丢、重、残。"""
    from eval import kill as killing

    killing.main(rounds, seed, keep)


@app.command(cls=ChineseCommand)
def corpus(
    files: Annotated[list[Path] | None, typer.Argument(help="只查这些文件；不写就查全部")] = None,
    write_catalog: Annotated[bool, typer.Option("--write-catalog", help="同时写 catalog.toml")] = False,
    shared: Shared = _SHARED,
) -> None:
    """逐条核对自带语料与参考文本。"""
    from eval.corpus_check import command
    from eval.errors import SharedMissing

    if not (shared / "corpus" / "laws").is_dir():
        raise SharedMissing(shared / "corpus" / "laws")
    command.main(files, laws=shared / "corpus" / "laws", write_catalog=write_catalog)


# --- inside -----------------------------------------------------------------------------------------------------


def _compare(
    name: str, split: Any, held_out: bool, with_trained: bool, differences: int, shared: Path, cache: Path | None, keep: bool
) -> None:
    from eval import judgments, tables
    from eval.retrieval import compare

    model = _model(held_out, cache)
    judged, questions = _judged(name, split, held_out, shared)
    if with_trained:
        questions = judgments.part(judged.questions, split)
    index = _index(judged, model, cache)
    with _progress("检索") as step:
        compared = compare(index, name, questions, progress=lambda done: step(done, len(questions)))
    about = {"split": split, "held_out": held_out, "with_trained": with_trained, "questions": len(questions)}
    _console().print(tables.comparison(f"{name} {split}：{len(questions)} 个问题", compared))
    if differences:
        _against_keyword(compared, differences, {question.id: question.text for question in questions})
    _keep(_name("retrieval", name, held_out), about | compared.numbers(), keep, model, compared.values)


def _against_keyword(compared: Comparison, count: int, texts: Mapping[str, str]) -> None:
    """Each other way of searching next to keyword search, with the questions that differ most."""
    from eval import tables
    from eval.comparison import pair
    from eval.retrieval import WAYS

    for way in (way for way in ("vector", "hybrid", "similar") if way in compared.values.measures):
        both = pair(compared.values, "keyword", compared.values, way)
        title = f"{WAYS['keyword']} → {WAYS[way]}"
        _console().print(tables.differences(title, WAYS["keyword"], WAYS[way], both.differences()))
        _console().print(tables.moved(both.moved(), count, texts))


def _lay(split: Any, held_out: bool, shared: Path, cache: Path | None, keep: bool) -> None:
    from eval import lay, tables

    model = _model(held_out, cache)
    questions = _spoken(split, held_out, shared)
    with lay.laws_taken_in(shared / "corpus" / "laws", model) as laws, _progress("检索") as step:
        asked = []
        for each in lay.ask_all(laws, questions):
            asked.append(each)
            step(len(asked), len(questions))
    numbers = lay.report(asked, len(questions)).numbers()
    _console().print(tables.named(f"口语提问 {split}", numbers, tables.LAY_NAMES))
    if not held_out:
        _console().print("自带模型训练时见过这些问题，结果虚高；没见过的问题会怎样，请加 --held-out。")
    about = {"split": split, "held_out": held_out}
    _keep(_name("retrieval", "lay", held_out), about | numbers, keep, model, lay.values(asked))


def _site(file: Path, data: Path | None, keep: bool) -> None:
    from assistant.answering import Assistant
    from assistant.evidence import calibration_for
    from assistant.language_model import language_model_for
    from eval import answers as judging
    from eval import question_file, results, tables
    from eval import site as station

    settings = station.settings_with(data)
    with closing(station.opened(settings)) as knowledge_base, _progress("提问") as step:
        asked = question_file.read_questions(file, knowledge_base)
        calibration = calibration_for(settings.data_folder)
        assistant = Assistant(knowledge_base, language_model_for(settings.llm), calibration)
        answering = judging.judge(knowledge_base, asked, station.asker(settings), assistant)
        outcomes = _all(answering, len(asked), step)
    numbers = judging.summary(outcomes, station.MEASURES, calibration)
    _console().print(tables.named(f"{file.name}：本站评测", numbers, judging.names(station.MEASURES)))
    failures = station.failures(outcomes)
    _console().print(tables.failures(failures) if failures else "所有问题都答好了。")
    if keep:
        about, folder = {"file": file.name, "language_model": settings.llm.model}, station.folder(settings)
        results.keep("site", about | numbers, embedder=knowledge_base.embedder, folder=folder, values=station.values(outcomes))
        _console().print(f"结果已存入 {folder}。看历次结果：python -m eval history --kept {folder}")


def _all(outcomes: Iterator[Outcome], total: int, step: Callable[[int, int], None]) -> list[Outcome]:
    """Every outcome, showing how far it is."""
    found = []
    for outcome in outcomes:
        found.append(outcome)
        step(len(found), total)
    return found


def _judged(name: str, split: Any, held_out: bool, shared: Path) -> tuple[JudgedSet, tuple[JudgedQuestion, ...]]:
    """A set and those questions of a half that the model has not been trained on."""
    from eval import heldout, judgments

    judged = judgments.read_set(name, shared)
    questions = judgments.part(judged.questions, split)
    new = judgments.untrained(questions, shared)
    return judged, heldout.unseen(questions, new) if held_out else new


def _spoken(split: Any, held_out: bool, shared: Path) -> list[LayQuestion]:
    """The spoken questions of a half in a settled random order; halves go by file."""
    import random

    from eval import judgments
    from eval.training.reference_texts import reference_texts
    from eval.training.spoken import Kept, kept_for

    questions = [each for each in judgments.read_lay_questions(shared) if split in ("all", judgments.half(each.file))]
    if held_out:
        with reference_texts(shared) as texts:
            questions = [q for q in questions if kept_for(texts.title_of(q.file), q.text) is not Kept.TRAINING]
    random.Random(0).shuffle(questions)
    return questions


def _index(judged: JudgedSet, model: StaticEmbedder, cache: Path | None) -> BenchIndex:
    from eval.bench_index import open_index

    with _progress("建立索引") as step:
        return open_index(judged, model, _cache(cache), report=step)


def _model(held_out: bool, cache: Path | None) -> StaticEmbedder:
    from eval import heldout
    from kb.embedder import builtin_embedder

    return heldout.model(_cache(cache)) if held_out else builtin_embedder()


def _cache(given: Path | None) -> Path:
    from eval.bench_index import CACHE

    return given or CACHE


def _name(command: str, of: str, held_out: bool) -> str:
    return f"{command}-{of}-heldout" if held_out else f"{command}-{of}"


def _keep(name: str, numbers: Mapping[str, Any], wanted: bool, model: Embedder, values: Values | None = None) -> None:
    from eval import results

    if wanted:
        file = results.keep(name, numbers, embedder=model, values=values)
        _console().print(f"结果已存入 eval/results/{file.name}")


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)


def _progress(name: str) -> Any:
    from eval.progress import shown

    return shown(name)


def main() -> None:
    """Run a command; an error that a person can mend becomes its message and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles in GBK
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except ShegongError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except Exception as error:  # Typer's own errors carry an exit code; anything else is a bug and shows its trace
        if not hasattr(error, "exit_code"):
            raise
        if sys.argv[1:]:  # without a command the help has been shown
            typer.echo(usage_error(error, "python -m eval"), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
