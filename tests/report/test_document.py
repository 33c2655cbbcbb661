"""A report as Markdown and as a page: the same blocks in both."""

from rnnexp.report.document import Document


def test_both_forms_say_the_same_and_names_are_no_markup():
    document = Document("a_<b>")
    document.lead("What | matters.")
    document.warnings(["Mind the *gap*."])
    document.heading("What it is")
    document.table(["layer", ""], [["<i>", "10"]])
    text, html = document.to_markdown(), document.to_html()
    assert text.startswith("# a\\_\\<b\\>\n\n**What \\| matters.**\n\n- Mind the \\*gap\\*.\n\n## What it is\n")
    assert "| \\<i\\> | 10 |" in text
    assert "<h1>a_&lt;b&gt;</h1>" in html
    assert '<h2 id="what-it-is">What it is</h2>' in html
    assert '<th scope="row">&lt;i&gt;</th><td>10</td>' in html
    # In English alone there is no language to choose, and without curves no word on them.
    assert "日本語" not in html
    assert "Drag over a curve" not in html
