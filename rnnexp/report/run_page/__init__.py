"""The page of a run, ``report.html``: what its report says, with curves, in English and Japanese."""
