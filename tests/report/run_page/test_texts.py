"""The sentences and names of a run's page, in both languages."""

import pytest
from helpers.runs import PROJECT

from rnnexp.report.file import read_report
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page import sentences, settings, words
from rnnexp.report.run_page.phrases import translated
from rnnexp.report.verdict import Standing, Verdict

REPORT = read_report(PROJECT / "tests" / "report" / "schema1" / "regression.json")


def verdict(int8, float32, task="regression"):
    found = Verdict(best_baseline="ridge", best=0.5, models={"float32": float32, "int8": int8}, findings=[])
    return sentences.verdict(REPORT.model_copy(update={"verdict": found, "task": task}))


def test_the_verdict_says_the_same_in_both_languages():
    close = Standing(judgement="as good", ratio=1.003, resolution=0.01)
    said = verdict(close, Standing(judgement="worse", ratio=2.5))
    assert said.en.startswith("int8 is about as good as the best baseline, ridge: RMSE ")
    assert said.ja.startswith("int8 は最良のベースライン ridge (リッジ回帰) と同程度です。RMSE は ")
    assert "0.3 % 大きい" in said.ja.replace("0.30", "0.3")
    assert "1.0 % までの差は偶然でも生じます" in said.ja
    assert "float32 はベースラインより悪い結果です: " in said.ja
    assert "(2.5 倍)" in said.ja


@pytest.mark.parametrize(
    ("standing", "judged", "difference"),
    [
        (Standing(judgement="better", ratio=0.9), "より良い結果です", "(10.0 % 小さい)"),
        (Standing(judgement="worse", ratio=1.2), "より悪い結果です", "(20.0 % 大きい)"),
        (Standing(judgement="better", points=2.5, resolution=1.0), "より良い結果です", "(2.5 ポイント高い)"),
        (Standing(judgement="worse", points=-2.5, resolution=1.0), "より悪い結果です", "(2.5 ポイント低い)"),
        (Standing(judgement="as good", ratio=1.0, resolution=0.1), "と同程度です", "(同じ)"),
        (Standing(judgement="worse"), "より悪い結果です", "0.5。"),
    ],
)
def test_a_judgement_and_a_difference_in_japanese(standing, judged, difference):
    said = verdict(standing, standing)
    assert f"ridge (リッジ回帰) {judged}。" in said.ja
    assert difference in said.ja


def test_there_is_no_verdict_without_baselines():
    assert sentences.verdict(REPORT.model_copy(update={"verdict": None})) is None


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        (
            "overfitted: the validation loss, 0.5, is more than 2 times the training loss, 0.1",
            "過学習: 検証損失 0.5 が学習損失 0.1 の 2 倍を超えています",
        ),
        (
            "chosen: changes from each time step to the next, 255 for the window's own largest one; further inputs: "
            "none: the values as they are",
            "自動選択: 1 ステップごとの変化。窓の中で最大の変化を 255 とする。そのほかの入力: なし (値のまま)",
        ),
        (
            "3 of 90 time steps have no value, in one gap: no window goes over one; FILL would fill 1 of the gaps",
            "90 ステップのうち 3 ステップに値がありません (1 か所)。欠測をまたぐ窓は使いません。"
            "FILL を使えば、そのうち 1 か所を補えます",
        ),
        (
            'gate failed: gap (degradation.gap) is 0.5, above the limit of 0.003 (--fail-on "gap>0.003")',
            '限度に反しました: gap (degradation.gap) は 0.5 で、限度 0.003 を上回っています (--fail-on "gap>0.003")',
        ),
        ("in {braces} & index points", "単位: {braces} & index points"),
        ("a note of one's own {x}", "a note of one's own {x}"),
    ],
)
def test_a_sentence_of_a_known_form_is_translated_with_what_it_names(english, japanese):
    assert translated(english) == Text(english, japanese)


def test_names_have_the_word_that_readers_know_behind_them():
    assert words.named("seasonal naive 24").ja == "seasonal naive 24 (1 周期前の値)"
    assert words.named("int8 epoch 7 (of 9)").ja == "int8、エポック 7 (9 系列)"
    assert words.named("best possible") == Text.same("best possible")
    assert words.output("3 load") == Text("load, 3 steps ahead", "load、3 ステップ先")
    assert words.output("1") == Text("1 step ahead", "1 ステップ先")
    assert words.output("load") == Text.same("load")


def test_settings_that_differ_come_first():
    config = {**REPORT.config, "hidden_size": 77, "batch_size": 8, "runs_dir": "elsewhere", "an_old_one": 3}
    differing, others = settings.tables(REPORT.model_copy(update={"config": config, "automatic": ["batch_size"]}))
    assert ["HIDDEN_SIZE", "77", "10"] in [[cell.text.en for cell in row] for row in differing.rows]
    shown = {row[0].text.en: row for row in others.rows}
    assert shown["BATCH_SIZE"][2].text == Text("automatic", "自動")
    assert {"RUNS_DIR", "AN_OLD_ONE", "DATASET_NAME"} <= set(shown)
    assert len(differing.rows) + len(others.rows) == len(config)
