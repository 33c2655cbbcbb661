"""What is likely to be wrong with a run that ended well: a part of its report."""

from __future__ import annotations

from typing import Literal

from rnnexp.report.part import Part

Kind = Literal["data", "export", "difference", "constant", "saturation", "gap", "robust gap", "silence"]


class RunWarning(Part):
    """A warning.

    Attributes:
        kind: ``data``: of what was learned from; ``export``: a model could not be exported; ``difference``: a file does
            not do what the trained model does; ``constant``: predictions hardly vary; ``saturation``: values are cut
            off; ``gap`` and ``robust gap``: int8 loses more than the limit; ``silence``: no word is found in streams.
        text: it, in a sentence.
    """

    kind: Kind
    text: str
