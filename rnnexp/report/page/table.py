"""A table of a page: it sorts by the column that is clicked, and can be filtered by a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rnnexp.report.page.texts import Text

# A cell with more letters than this goes over several lines.
LONG = 60


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it shows.
        value: what it sorts by, where that is a number.
        share: from 0 to 1, drawn as a bar behind the text.
        link: a file beside the page.
    """

    text: Text
    value: float | None = None
    share: float | None = None
    link: str | None = None

    @classmethod
    def number(cls, value: float | None, shown: str, share: float | None = None) -> Cell:
        """Return the cell of a number."""
        return cls(Text.same(shown), value, share)

    @property
    def html(self) -> str:
        """The cell as HTML."""
        text = self.text.html
        if self.link is not None:
            text = f'<a href="{escape(self.link)}">{text}</a>'
        kinds = {
            "number": self.value is not None or self.text.en == "-",
            "bar": self.share is not None,
            "long": len(self.text.en) > LONG,
        }
        named = " ".join(kind for kind, there in kinds.items() if there)
        facts = f' class="{named}"' if named else ""
        if self.value is not None:
            facts += f' data-value="{self.value!r}"'
        if self.share is not None:
            facts += f' data-share="{100 * min(max(self.share, 0.0), 1.0):.1f}%"'
        return f"<td{facts}>{text}</td>"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: what it shows.
        headings: of the columns.
        rows: of cells; the first one of each names it.
        strong: the numbers of the rows that matter most.
        filtered: whether there is a field to filter it with.
    """

    caption: Text
    headings: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    strong: frozenset[int] = frozenset()
    filtered: bool = False

    @property
    def html(self) -> str:
        """The table as HTML; the page's script makes it sort."""
        numbers = [any(row[place].value is not None for row in self.rows) for place in range(len(self.headings))]
        head = "".join(
            f'<th scope="col"{" class=number" if number else ""}>{heading.html}</th>'
            for heading, number in zip(self.headings, numbers, strict=True)
        )
        body = "".join(self._row(number, row) for number, row in enumerate(self.rows))
        filtered = " data-filter" if self.filtered else ""
        caption = f"<caption>{self.caption.html}</caption>" if self.caption.en else ""
        return (
            f'<div class="scroll" tabindex="0"><table{filtered}>{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _row(self, number: int, row: Sequence[Cell]) -> str:
        first, *others = (cell.html for cell in row)
        named = first.replace("<td", '<th scope="row"', 1).removesuffix("</td>") + "</th>"
        return f"<tr{' class=strong' if number in self.strong else ''}>{named}{''.join(others)}</tr>"
