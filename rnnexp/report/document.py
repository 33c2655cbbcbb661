"""A report for people as a list of blocks, and the same as Markdown and as a page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_STYLE = """
body { font-family: system-ui, sans-serif; line-height: 1.5; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { border-bottom: 1px solid #ccc; padding: 0.25rem 0.75rem; }
th { text-align: left; } td { font-variant-numeric: tabular-nums; } .warning { color: #a33; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } .warning { color: #f88; } }
"""


@dataclass
class Document:
    """What a report says, in order.

    Attributes:
        title: of the page.
        language: of its text, as HTML names it.
    """

    title: str
    language: str = "en"
    _markdown: list[str] = field(default_factory=list)
    _html: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """Add a heading."""
        self._markdown += [f"## {_plain(text)}", ""]
        self._html.append(f"<h2>{escape(text)}</h2>")

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._markdown += [_plain(text), ""]
        self._html.append(f"<p>{escape(text)}</p>")

    def lead(self, text: str) -> None:
        """Add the sentence that matters most."""
        self._markdown += [f"**{_plain(text)}**", ""]
        self._html.append(f"<p><strong>{escape(text)}</strong></p>")

    def warnings(self, texts: Sequence[str]) -> None:
        """Add what a reader must know, as a list."""
        if texts:
            self._markdown += [*(f"- {_plain(text)}" for text in texts), ""]
            items = "".join(f"<li>{escape(text)}</li>" for text in texts)
            self._html.append(f'<ul class="warning">{items}</ul>')

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        lines = [headings, ["---"] * len(headings), *([_plain(cell) for cell in row] for row in rows)]
        self._markdown += [*(f"| {' | '.join(line)} |" for line in lines), ""]
        head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        self._html.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def to_markdown(self) -> str:
        """Return it as Markdown."""
        return "\n".join([f"# {_plain(self.title)}", "", *self._markdown])

    def to_html(self) -> str:
        """Return it as a page."""
        return (
            f'<!doctype html>\n<html lang="{escape(self.language)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head>\n"
            f"<body><h1>{escape(self.title)}</h1>\n" + "\n".join(self._html) + "\n</body></html>\n"
        )


def _plain(text: str) -> str:
    """Return a text in which Markdown sees no markup: names of layers can be anything."""
    for mark in "\\`*_<>|#[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
