"""A report for people as a list of blocks, and the same as Markdown and as a page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rnnexp.report.markup import plain
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text


@dataclass
class Document:
    """What a report says, in order, in English.

    Attributes:
        title: of the page.
    """

    title: str
    _markdown: list[str] = field(default_factory=list)
    _page: Page = field(init=False)

    def __post_init__(self) -> None:
        self._page = Page(Text.same(self.title), bilingual=False)

    def heading(self, text: str) -> None:
        """Add a heading."""
        self._markdown += [f"## {plain(text)}", ""]
        self._page.heading(text.lower().replace(" ", "-"), Text.same(text))

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._markdown += [plain(text), ""]
        self._page.paragraph(Text.same(text))

    def lead(self, text: str) -> None:
        """Add the sentence that matters most."""
        self._markdown += [f"**{plain(text)}**", ""]
        self._page.lead(Text.same(text))

    def warnings(self, texts: Sequence[str]) -> None:
        """Add what a reader must know, as a list."""
        if texts:
            self._markdown += [*(f"- {plain(text)}" for text in texts), ""]
            self._page.warnings([Text.same(text) for text in texts])

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        lines = [headings, ["---"] * len(headings), *([plain(cell) for cell in row] for row in rows)]
        self._markdown += [*(f"| {' | '.join(line)} |" for line in lines), ""]
        cells = [[Cell(Text.same(cell)) for cell in row] for row in rows]
        self._page.add(Table(Text.same(""), [Text.same(heading) for heading in headings], cells))

    def to_markdown(self) -> str:
        """Return it as Markdown."""
        return "\n".join([f"# {plain(self.title)}", "", *self._markdown])

    def to_html(self) -> str:
        """Return it as a page."""
        return self._page.html
