"""A page: its parts one after the other, in one file that opens without a network, in the reader's language."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Protocol

from rnnexp.report.page.charts import Chart
from rnnexp.report.page.texts import Text

_KEYS = Text(
    "Drag over a curve to zoom in; double-click to see all of it again. With the keyboard: arrow keys move the cursor, "
    "+ and - zoom, Page Up and Page Down move along, 0 shows all.",
    "グラフの上をドラッグすると拡大し、ダブルクリックで全体に戻ります。キーボードでは、矢印キーでカーソルを動かし、"
    "+ と - で拡大・縮小、Page Up と Page Down で移動、0 で全体を表示します。",
)
_SWITCH = (
    '<div class="languages" role="group" aria-label="Language / 言語">'
    '<button type="button" data-language="en" lang="en">English</button>'
    '<button type="button" data-language="ja" lang="ja">日本語</button></div>'
)
# In the order in which they rely on each other.
_SCRIPTS = ("language", "table", "axis", "chart", "start")
# Before anything is shown: the reader's language, as far as there is a text in it.
_LANGUAGE = 'document.documentElement.lang = (navigator.language || "en").startsWith("ja") ? "ja" : "en";'


class Block(Protocol):
    """What a page is built of: tables, charts, drawings."""

    @property
    def html(self) -> str:
        """The block as HTML."""


@dataclass
class Page:
    """A page, added to from top to bottom.

    Attributes:
        title: of the page.
        bilingual: whether there is a Japanese text; else the page is in English, and there is nothing to choose.
    """

    title: Text
    bilingual: bool = True
    _parts: list[str] = field(default_factory=list)
    _sections: list[tuple[str, Text]] = field(default_factory=list)
    _curves: bool = False

    def lead(self, text: Text) -> None:
        """Add the sentence that matters most."""
        self._parts.append(f'<p class="lead">{text.html}</p>')

    def heading(self, name: str, text: Text) -> None:
        """Begin a section, by a name of one word that no other has."""
        self._sections.append((name, text))
        self._parts.append(f'<h2 id="{name}">{text.html}</h2>')

    def paragraph(self, text: Text) -> None:
        """Add a paragraph."""
        self._parts.append(f"<p>{text.html}</p>")

    def notes(self, texts: Sequence[Text]) -> None:
        """Add what is to be known besides, as a list."""
        self._list("notes", texts)

    def warnings(self, texts: Sequence[Text]) -> None:
        """Add what a reader must know, as a list."""
        self._list("warnings", texts)

    def facts(self, facts: Iterable[tuple[Text, Text, Text]]) -> None:
        """Add figures at a glance: each what it is, the figure, and a note on it."""
        items = "".join(
            f"<div><dt>{name.html}</dt><dd>{value.html}<small>{note.html}</small></dd></div>"
            for name, value, note in facts
        )
        self._parts.append(f'<dl class="facts">{items}</dl>')

    def add(self, block: Block) -> None:
        """Add a table, a chart or a drawing."""
        self._curves |= isinstance(block, Chart)
        self._parts.append(block.html)

    def folded(self, heading: Text, blocks: Iterable[Block]) -> None:
        """Add blocks that are shown on demand."""
        self._parts.append(f"<details><summary>{heading.html}</summary>")
        for block in blocks:
            self.add(block)
        self._parts.append("</details>")

    @property
    def html(self) -> str:
        """The whole file."""
        links = "".join(f'<li><a href="#{name}">{text.html}</a></li>' for name, text in self._sections)
        contents = "Contents / 目次" if self.bilingual else "Contents"
        keys = f'\n<p id="chart-keys" class="note">{_KEYS.html}</p>' if self._curves else ""
        scripts, styles = [f"\n{script()}"], [f"\n{style()}"]
        language = ""
        if self.bilingual:
            scripts.append(_LANGUAGE)
            language = f"<script>{_LANGUAGE}</script>"
        titles = f'data-en="{escape(self.title.en)}" data-ja="{escape(self.title.ja)}"'
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts, styles)}">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta name="color-scheme" content="light dark">'
            # A browser asks for a picture of every page, unless there is one: here it is an empty one.
            f'<link rel="icon" href="data:,">'
            f"<title {titles}>{escape(self.title.en)}</title>"
            f"<style>{styles[0]}</style>{language}</head>\n"
            f"<body><header><h1>{self.title.html}</h1>{_SWITCH if self.bilingual else ''}</header>\n"
            f'<nav aria-label="{contents}"><ul>{links}</ul></nav>\n'
            f"<main>\n" + "\n".join(self._parts) + f"{keys}</main>\n"
            f"<script>{scripts[0]}</script></body></html>\n"
        )

    def _list(self, kind: str, texts: Sequence[Text]) -> None:
        if texts:
            items = "".join(f"<li>{text.html}</li>" for text in texts)
            self._parts.append(f'<ul class="{kind}">{items}</ul>')


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return what a page lets its browser do: run these scripts and styles of its own, and nothing else at all."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Sequence[str]) -> str:
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)


@functools.cache
def style() -> str:
    """Return the style of all pages."""
    return _read("page.css")


@functools.cache
def script() -> str:
    """Return what makes pages answer, as one function that leaves no names behind."""
    return f'(() => {{\n"use strict";\n{"".join(_read(f"script/{name}.js") for name in _SCRIPTS)}}})();\n'


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
