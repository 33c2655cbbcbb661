"""The page of a sweep: one HTML file that needs nothing else, with a table that sorts and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rnnexp.experiment.sweep import tables
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.statistics import Statistics
from rnnexp.validation import constant

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #ccc; white-space: nowrap; }
th.name, td.name { text-align: left; }
th button { font: inherit; font-weight: bold; border: 0; background: none; cursor: pointer; padding: 0; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
tr.best { background: #e8f1e4; }
tr.baseline { color: #555; }
figure { display: inline-block; margin: 1rem 0; max-width: 100%; }
figure svg { max-width: 100%; height: auto; }
"""
SCRIPT = """
for (const head of document.querySelectorAll("th")) {
  head.querySelector("button").addEventListener("click", () => {
    const table = head.closest("table"), place = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = row => row.children[place].dataset.value;
    const order = (one, other) => {
      const a = key(one), b = key(other);
      if (a === "" || b === "") return (a === "") - (b === "");
      const numbers = !isNaN(a) && !isNaN(b);
      return (down ? -1 : 1) * (numbers ? a - b : a.localeCompare(b));
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(order));
  });
}
"""


def page(
    name: str,
    definition: Definition,
    statistics: Statistics,
    ends: Sequence[str],
    pictures: Mapping[str, bytes],
) -> str:
    """Return the page.

    Args:
        name: of the sweep.
        definition: of the sweep.
        statistics: of its trials.
        ends: what is to be said below the table, in sentences.
        pictures: name -> SVG.
    """
    axes = [axis.name for axis in definition.axes] or ["settings"]
    named = [(axis, "name") for axis in axes]
    head = [*named, *((title, "") for title in ("seeds", *tables.headings(definition.task, statistics))), ("", "name")]
    rows = []
    for row in tables.rows(definition, statistics):
        cells = [(value, value, "name") for value in row.values or ("as they are",)]
        cells.append(("", "", "") if row.mark == "baseline" else (str(row.count), str(row.count), ""))
        for place, found in enumerate(row.cells):
            key = "" if found is None else repr(found.mean)
            cells.append((tables.cell(found, bracket=True, signed=place in (2, 4)), key, ""))
        cells.append((row.mark, row.mark, "name"))
        inner = "".join(
            f'<td class="{kind}" data-value="{escape(key)}">{escape(shown)}</td>' for shown, key, kind in cells
        )
        rows.append(f'<tr class="{row.mark.partition(",")[0]}">{inner}</tr>')
    heads = "".join(
        f'<th scope="col" class="{kind}"><button type="button">{escape(title) or "mark"}</button></th>'
        for title, kind in head
    )
    fixed = ", ".join(
        f"{constant(setting)} = {value}"
        for setting, value in definition.settings.items()
        if setting in ("dataset_name", "epochs", "cell", "hidden_size") and setting not in axes
    )
    shown = "\n".join(
        f'<figure aria-label="{escape(title)}">{_inline(svg)}</figure>' for title, svg in pictures.items()
    )
    said = "\n".join(f"<p>{escape(line)}</p>" for line in ends)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(name)}</h1>
<p>{escape(definition.task)}: {escape(fixed)}; {definition.combinations} combinations, seeds
{escape(", ".join(map(str, definition.seeds)))}. Each trial is a row of results.csv.</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody>
</table>
{said}
{shown}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _inline(svg: bytes) -> str:
    """Return a picture as a page has it, without what comes before its element in a file."""
    text = svg.decode("utf-8")
    return text[text.index("<svg") :]
