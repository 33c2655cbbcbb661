"""Text of a page in both of its languages, of which the page shows one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from rnnexp.printable import printable


@dataclass(frozen=True)
class Text:
    """A text in English and Japanese; names and numbers are the same in both.

    Attributes:
        en: the English one.
        ja: the Japanese one.
    """

    en: str
    ja: str

    @classmethod
    def same(cls, text: str) -> Text:
        """Return what is the same in both languages."""
        return cls(text, text)

    def __add__(self, other: Text) -> Text:
        return Text(self.en + other.en, self.ja + other.ja)

    @property
    def html(self) -> str:
        """Both, of which the style of the page shows one."""
        return self._html("span")

    @property
    def svg(self) -> str:
        """The same within a text of an SVG."""
        return self._html("tspan")

    def _html(self, tag: str) -> str:
        if self.en == self.ja:
            return _shown(self.en)
        return "".join(
            f'<{tag} class="{language}" lang="{language}">{_shown(text)}</{tag}>'
            for language, text in self.to_json().items()
        )

    def to_json(self) -> dict[str, str]:
        """Return it as the script of the page takes it."""
        return {"en": printable(self.en, keep="\n"), "ja": printable(self.ja, keep="\n")}


def _shown(text: str) -> str:
    return escape(printable(text, keep="\n"))


def together(texts: Iterable[Text]) -> Text:
    """Return sentences that follow each other."""
    texts = list(texts)
    return Text(" ".join(text.en for text in texts), "".join(text.ja for text in texts))
