"""Sentences that a report holds as text, in Japanese: each by its form, with what it names put in its place.

A sentence of no form here, such as a data set of one's own may have, stays as it is.
"""

from __future__ import annotations

import functools
import re

from rnnexp.report.page.texts import Text

# English -> Japanese; what stands between braces is taken over.
_FORMS = {
    # what makes a network less than it seems
    "overfitted: the validation loss, {a}, is more than {b} times the training loss, {c}": (
        "過学習: 検証損失 {a} が学習損失 {c} の {b} 倍を超えています"
    ),
    "too few to learn from: {a} in the training part, for {b} weights": (
        "データ不足: 学習データの正解の数は {a} で、重みの数 {b} より少なくなっています"
    ),
    "constant: nearly the same answer whatever is asked ({a})": "一定: 入力によらず出力がほぼ同じです ({a})",
    "trained too long: the validation loss was {a} after epoch {b}, and is {c} at the end; with EARLY_STOPPING, the "
    "epoch where it is lowest is kept": (
        "学習しすぎ: 検証損失はエポック {b} で {a} でしたが、最後は {c} です。"
        "EARLY_STOPPING を使うと、最も低いエポックを残します"
    ),
    # limits on figures
    'gate failed: {a} (--fail-on "{b}")': '限度に反しました: {a} (--fail-on "{b}")',
    "{a} is {b}, above the limit of {c}": "{a} は {b} で、限度 {c} を上回っています",
    "{a} is {b}, below the limit of {c}": "{a} は {b} で、限度 {c} を下回っています",
    "{a} is {b}, at or above the limit of {c}": "{a} は {b} で、限度 {c} 以上です",
    "{a} is {b}, at or below the limit of {c}": "{a} は {b} で、限度 {c} 以下です",
    "{a} cannot be judged: {b}": "{a} は判定できません: {b}",
    "{a}: not so, it is {b}": "{a}: 該当しません (値は {b})",
    # why an arena was not measured
    "tflite-micro is not installed": "tflite-micro がインストールされていません",
    "in runs alone": "単独の実行でのみ測定します",
    "TensorFlow Lite Micro does not run it": "TensorFlow Lite Micro では動作しません",
    "TensorFlow Lite Micro failed: {a}": "TensorFlow Lite Micro が失敗しました: {a}",
    # gaps
    "the share of accuracy lost": "失われた正解率の割合",
    "(L2 int8 - L2 float32) / target variance": "(int8 の L2 - float32 の L2) / 目標値の分散",
    "(median squared error int8 - median squared error float32) / median squared deviation of the target": (
        "(int8 の二乗誤差の中央値 - float32 の二乗誤差の中央値) / 目標値の中央値からの二乗偏差の中央値"
    ),
    "there is none: most of the targets are equal": "ありません: 目標値の大半が同じ値です",
    # what costs the most
    "{a} of the values of the {b} are cut off (saturated): {c}": (
        "{b} の値の {a} が範囲外として切り捨てられています (飽和): {c}"
    ),
    "the data goes beyond what the training part held (of a series, NORMALIZATION = 'window' avoids that)": (
        "データが学習データの範囲を超えています (系列では NORMALIZATION = 'window' で避けられます)"
    ),
    "pre-activations go beyond what the training part showed": "活性化前の値が学習データで見られた範囲を超えています",
    "outputs go beyond what the training part showed": "出力が学習データで見られた範囲を超えています",
    "no single rounding explains it: the rounding of states and pre-activations adds up over time": (
        "単独で説明できる丸めはありません。状態と活性化前の値の丸めが時間方向に累積しています"
    ),
    "the weights are too coarse: a few large ones leave few steps for the others "
    "(rounding the weights alone costs {a})": (
        "重みの刻みが粗すぎます。少数の大きな重みのために、ほかの重みに残る段階が足りません (重みの丸めだけで {a})"
    ),
    "the input's range is too wide for {a} steps: a few far values leave few steps for the others "
    "(rounding the input alone costs {b})": (
        "入力の範囲が {a} 段階には広すぎます。少数の離れた値のために、ほかの値に残る段階が足りません "
        "(入力の丸めだけで {b})"
    ),
    "the output's range is too wide for {a} steps (rounding the output alone costs {b})": (
        "出力の範囲が {a} 段階には広すぎます (出力の丸めだけで {b})"
    ),
    "an {a} of {b} bits is too coarse for most of the data: a few far values leave it few of the {c} steps "
    "(rounding the {d} alone costs {e})": (
        "{b} ビットの {a} は、データの大半には粗すぎます。少数の離れた値のために、{c} 段階のうちわずかしか使えません "
        "({d} の丸めだけで {e})"
    ),
    "{a}; IO_BITS = 16 makes both finer": "{a}。IO_BITS = 16 で入出力とも細かくなります",
    "{a} answers": "{a}",
    "{a} answer": "{a}",
    # what could not be exported, and where generation ends
    "TensorFlow's converter failed: {a}. The trained model is in {b}": (
        "TensorFlow のコンバーターが失敗しました: {a}。学習済みモデルは {b} にあります"
    ),
    "{a}. The trained model is in {b}": "{a}。学習済みモデルは {b} にあります",
    "after {a} steps the values had left the range of float32": "{a} ステップで値が float32 の範囲を超えました",
    # parts of the data
    "validation part": "検証データ",
    "test part": "テストデータ",
    "training series (this task has no split)": "学習に使った系列 (この課題には分割がありません)",
    # units
    "in {a}": "単位: {a}",
    "all together in standard deviations of each, the RMSE of one in its own units": (
        "全体は各列の標準偏差を単位とし、各列の RMSE はその列の単位"
    ),
    "all targets together in standard deviations of each, the RMSE of one in its own units": (
        "全体は各列の標準偏差を単位とし、各列の RMSE はその列の単位"
    ),
    # normalisation
    "chosen: {a}": "自動選択: {a}",
    "{a}; predicted is the change since the last season, {b} steps, beyond that of the last value": (
        "{a}。予測するのは 1 周期 ({b} ステップ) 前からの変化のうち、最後の値での変化を超える分"
    ),
    "{a}; further inputs: {b}": "{a}。そのほかの入力: {b}",
    "{a}, every column by itself": "{a}、列ごと",
    "each window by its own minimum and maximum to [0, {a}]": "窓ごとに最小値と最大値で [0, {a}] に",
    "all by the training part's minimum and maximum to [{a}, {b}]": "学習データの最小値と最大値で [{a}, {b}] に",
    "differences from the window's last value, {a} for twice their root mean square in the training part": (
        "窓の最後の値からの差。学習データでの二乗平均平方根の 2 倍を {a} とする"
    ),
    "differences from the window's last value, {a} for the largest that are expected after the training part": (
        "窓の最後の値からの差。学習データの後に見込まれる最大値を {a} とする"
    ),
    "differences from the window's last value, {a} for the window's own range": (
        "窓の最後の値からの差。窓の値の幅を {a} とする"
    ),
    "changes from each time step to the next, {a} for twice their root mean square in the training part": (
        "1 ステップごとの変化。学習データでの二乗平均平方根の 2 倍を {a} とする"
    ),
    "changes from each time step to the next, {a} for the largest that are expected after the training part": (
        "1 ステップごとの変化。学習データの後に見込まれる最大値を {a} とする"
    ),
    "changes from each time step to the next, {a} for the window's own largest one": (
        "1 ステップごとの変化。窓の中で最大の変化を {a} とする"
    ),
    "each feature to [0, 1] by its minimum and maximum in the training part": (
        "特徴量ごとに、学習データの最小値と最大値で [0, 1] に"
    ),
    "each feature less its mean in the training part, by its deviation there": (
        "特徴量ごとに、学習データの平均を引き、標準偏差で割る"
    ),
    "none: the values as they are": "なし (値のまま)",
    "none: the values lie in [-1, 1]": "なし (値は [-1, 1])",
    "none: the pixels as they are, 0 to {a}": "なし (画素値のまま、0 から {a})",
    "none: bits are 0 and 1": "なし (ビットは 0 と 1)",
    "none: characters are one-hot": "なし (文字は one-hot)",
    "none: values in [0, 1], marks 0 or 1": "なし (値は [0, 1]、印は 0 または 1)",
    # notes on data and baselines
    "There is no split in this task: the figures are of the series that was trained on.": (
        "この課題には分割がありません。数値は学習に使った系列についてのものです。"
    ),
    "The figures are of a further series, drawn independently.": "評価指標は、独立に生成した別の系列での値です。",
    "The figures are of a further series, drawn independently. {a} of the targets lie outside the window: nothing "
    "tells them.": (
        "評価指標は、独立に生成した別の系列での値です。目標値のうち {a} 個は窓の外にあるため、予測できません。"
    ),
    "There is no split in this task: the figures are of the series that was trained on. The target lies outside the "
    "window, so it can only be learned by heart.": (
        "この課題には分割がありません。数値は学習に使った系列についてのものです。目標値は窓の外にあるため、丸暗記するしかありません。"
    ),
    "Accuracy is the share of all bits that are right; 'sequences' the share of sums with no bit wrong.": (
        "正解率は正しいビットの割合、系列の完全一致率はすべてのビットが正しい和の割合です。"
    ),
    "Accuracy is the share of all characters that are right, blanks too; 'sequences' the share of sums with no "
    "character wrong.": "正解率は正しい文字 (空白を含む) の割合、系列の完全一致率はすべての文字が正しい和の割合です。",
    "The ranges of int8 cover the inputs that are asked about, which lie beyond the training part.": (
        "int8 の範囲は、学習データの外にある評価用の入力も含むように決めました。"
    ),
    "About {a} of the {b} sequences of the {c} are in the training part too, inputs and answers alike: what is right "
    "there may have been learned by heart.": (
        "{c}の {b} 系列のうち約 {a} 系列は、入力も正解も学習データに含まれています。"
        "そこでの正解は丸暗記によるものかもしれません。"
    ),
    "{a} of the {b} sequences of the {c} are in the training part too, inputs and answers alike: what is right there "
    "may have been learned by heart.": (
        "{c}の {b} 系列のうち {a} 系列は、入力も正解も学習データに含まれています。"
        "そこでの正解は丸暗記によるものかもしれません。"
    ),
    # warnings of data
    "always the same in the training part, so that nothing can be learned from it: {a}": (
        "学習データで常に同じ値のため、何も学習できません: {a}"
    ),
    "{a} is {b} once more, but for its scale, and adds nothing to it: leave one of the two out": (
        "{a} は {b} と同じもの (尺度だけが違う) で、情報を加えません。どちらか一方を外してください"
    ),
    "{a} alone tells the class of every sequence of the training part: make sure that it is known where the network is "
    "used, and not the answer itself": (
        "{a} だけで学習データの全系列のクラスが決まります。"
        "使用時に得られる値であり、正解そのものではないことを確かめてください"
    ),
    "{a} is what {b} is {c} later, but for its scale: the answer, which nobody knows by then; leave it out of INPUTS": (
        "{a} は {c} 先の {b} そのもの (尺度だけが違う) です。"
        "予測の時点では分からない正解なので、INPUTS から外してください"
    ),
    "{a} is the target {b} once more, but for its scale, and adds nothing to it; leave it out of INPUTS": (
        "{a} は予測対象 {b} と同じもの (尺度だけが違う) で、情報を加えません。INPUTS から外してください"
    ),
    "a step": "1 ステップ",
    "{a} steps": "{a} ステップ",
    "{a} recordings are shorter than a {b} and left out": "{a} 件の記録は{b}より短いため、使いません",
    "window": "窓",
    "step": "ステップ",
    "{a} of the {b} samples are left out: {c}": "{b} サンプルのうち {a} サンプルは使いません: {c}",
    "of longer recordings, the first {a} samples are seen (MAX_SEQUENCE_LENGTH)": (
        "長い記録では先頭の {a} サンプルだけを使います (MAX_SEQUENCE_LENGTH)"
    ),
    "what is behind the last window of a recording, or between two, is not seen (WINDOW, STRIDE)": (
        "最後の窓の後ろや窓と窓の間は使いません (WINDOW、STRIDE)"
    ),
    "what is behind the last time step of a recording is not seen (SAMPLES_PER_STEP)": (
        "最後の時間ステップの後ろは使いません (SAMPLES_PER_STEP)"
    ),
    "{a} of {b} clips are longer than a second, of which the first one is read: cut them to where the word is.": (
        "{b} 件のクリップのうち {a} 件は 1 秒より長く、最初の 1 秒だけを読みます。単語のある所を切り出してください。"
    ),
    "Files that cannot be used and were left out, {a} in all: {b}.": "使えないため除いたファイル ({a} 件): {b}。",
    "Files that cannot be used and were left out, {a} in all: {b}. RESAMPLE (--resample) converts those of other "
    "rates, bits and channels.": (
        "使えないため除いたファイル ({a} 件): {b}。サンプリング周波数、ビット数、チャンネル数が違うものは "
        "RESAMPLE (--resample) で変換できます。"
    ),
    # runtimes that were not there
    "TensorFlow Lite Micro cannot be loaded ({a}): install it with `pip install --pre tflite-micro`": (
        "TensorFlow Lite Micro を読み込めません。`pip install --pre tflite-micro` でインストールできます"
    ),
    "no C compiler: {a} cannot be run ({b}); install one, or name one in the environment variable CC": (
        "C コンパイラがありません。{a} を実行できません ({b})。インストールするか、環境変数 CC で指定してください"
    ),
    # warnings of models
    "the exported float32 file differs from the trained model by {a} of the output range (expected: {b} at most)": (
        "書き出した float32 のファイルと学習したモデルの差が、出力範囲の {a} です (許容値 {b})"
    ),
    "no word is heard in a stream: every threshold by which some are gives too many false alarms, or the network has "
    "not learned enough; the report has all thresholds": (
        "連続音声の中で単語を 1 つも検出していません。検出できるしきい値では誤検出が多すぎるか、学習が足りません。"
        "すべてのしきい値はレポートにあります"
    ),
    "int8 cuts off {a} of the values of the {b}": "int8 で {b} の値の {a} が切り捨てられています",
    "int8 loses {a}, more than the limit of {b}: {c}": "int8 の損失は {a} で、限度 {b} を超えています: {c}",
    "int8 loses {a} by the robust gap, more than the limit of {b}: {c}": (
        "int8 の損失はロバスト gap で {a} で、限度 {b} を超えています: {c}"
    ),
    "{a} time steps are filled (FILL = {b}, gaps of up to {c} steps)": (
        "{a} ステップを補いました (FILL = {b}、{c} ステップまでの欠測)"
    ),
    "{a} of {b} time steps have no value, in {c} gaps, the longest of {d}: no window goes over one": (
        "{b} ステップのうち {a} ステップに値がありません ({c} か所、最長 {d} ステップ)。欠測をまたぐ窓は使いません"
    ),
    "{a} of {b} time steps have no value, in one gap: no window goes over one": (
        "{b} ステップのうち {a} ステップに値がありません (1 か所)。欠測をまたぐ窓は使いません"
    ),
    "{a}; FILL would fill {b} of the gaps": "{a}。FILL を使えば、そのうち {b} か所を補えます",
    "Not used of the file: {a}": "ファイルのうち使わなかった列: {a}",
    "Not used of the file, {a} columns: {b}": "ファイルのうち使わなかった {a} 列: {b}",
    "{a}; INPUTS takes further columns": "{a}。INPUTS でほかの列も入力にできます",
    "The file has the newest row first: it is turned round": "ファイルは新しい行が先なので、順序を逆にしました",
    "{a} consecutive samples are one time step (SAMPLES_PER_STEP)": (
        "連続する {a} サンプルを 1 ステップとします (SAMPLES_PER_STEP)"
    ),
    "held out by {a}: {b}": "{a} により取り分けたもの: {b}",
    "none: the answer has several steps, and they give one": (
        "なし: 複数のステップで出力する課題には、これらのモデルはありません"
    ),
    "none: it would take more than 10 seconds": "なし: 計算に 10 秒以上かかります",
    "learned from {a} of the {b} sequences": "{b} 系列のうち {a} 系列から学習しました",
    "part of the network; its gain over this row is what the recurrent layers add": (
        "ネットワークの一部です。この行との差が、再帰層の寄与です"
    ),
}
_PLACE = re.compile(r"\\\{(\w)\\\}")


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(english)), re.DOTALL), japanese)
        for english, japanese in _FORMS.items()
    ]


def translated(sentence: str) -> Text:
    """Return a sentence in both languages; what it names may be a sentence of a form as well."""
    return Text(sentence, _japanese(sentence))


def _japanese(sentence: str) -> str:
    for pattern, japanese in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            return japanese.format(**{name: _japanese(part) for name, part in found.groupdict().items()})
    return sentence
