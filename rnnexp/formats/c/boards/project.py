"""A project around the C of a network: its files, and what one types to see it run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from rnnexp.formats.c.boards.sources import Sources
from rnnexp.formats.c.text import string

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Project:
    """What is written for a board.

    Attributes:
        files: path in the project, with ``/`` -> text.
        needs: what has to be installed.
        steps: what is typed in the project's folder, line by line, to build it and to see it run.
    """

    files: Mapping[str, str]
    needs: str
    steps: Sequence[str]


class _Text(Template):
    """A text with places like ``%{name}``: build systems have the dollar for themselves."""

    delimiter = "%"


@dataclass(frozen=True)
class Filler:
    """Fills the templates of a board with what is the network's.

    Attributes:
        board: whose templates.
        sources: of the network.
    """

    board: str
    sources: Sources

    def __call__(self, template: str, **more: Any) -> str:
        """Return the text of a template of the board."""
        return self.common(f"{self.board}/{template}", **more)

    def common(self, template: str, **more: Any) -> str:
        """Return the text of a template that boards share."""
        of_network = {
            "name": self.sources.name,
            "string": string(self.sources.name),
            "prefix": self.sources.prefix,
            "macro": self.sources.prefix.upper(),
            "plain": self.sources.plain,
            "library": self.sources.library,
            "stack": self.sources.stack_bytes,
            "arguments": self.sources.arguments,
        }
        return _Text((TEMPLATES / template).read_text(encoding="utf-8")).substitute({**of_network, **more})


def within(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    """Return files with their paths in a folder."""
    return {f"{folder}/{name}": text for name, text in files.items()}
