"""LaTeX, where it is installed: tables are typeset as in a paper."""

import shutil
import subprocess


def has_latex(program, package="booktabs.sty"):
    """Tell whether there is a program of LaTeX, with a package."""
    if not shutil.which(program) or not shutil.which("kpsewhich"):
        return False
    return subprocess.run(["kpsewhich", package], capture_output=True, check=False).returncode == 0


def typeset(folder, table, program="pdflatex", preamble=""):
    """Typeset a table in a folder as the pages say, and see that there is one page, nothing missing and nothing odd."""
    (folder / "table.tex").write_text(table, encoding="utf-8")
    head = f"\\documentclass{{article}}\\usepackage{{booktabs}}{preamble}"
    document = f"{head}\\begin{{document}}\\input{{table.tex}}\\end{{document}}"
    (folder / "paper.tex").write_text(document, encoding="utf-8")
    command = [program, "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said
    assert "Output written on paper.pdf (1 page" in said
    assert "Missing character" not in (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
