"""What a page lets its browser do: run its own scripts and styles, and nothing that a name has brought in."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from helpers.browser import browser, chromium

from rnnexp.report.document import Document
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text

HOSTILE = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
PARTS = {
    "script": "<script>window.hit = 1</script>",
    "handler": "<img src='data:,' onerror='window.hit = 1'>",
    "style": "<p style='display: none' id='hidden'>here</p>",
    "frame": "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
    "link": "<a id='link' href='javascript:window.hit = 1'>here</a>",
    "picture": "<img src='http://example.invalid/x.png'>",
}


class Strings(HTMLParser):
    """The texts of a page's scripts and styles that a browser would run, and its policy."""

    def __init__(self, text):
        super().__init__()
        self.found, self.policy, self._within = {"script": [], "style": []}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        assert not any(fact.startswith("on") or fact == "style" for fact in facts), facts
        if facts.get("http-equiv") == "Content-Security-Policy":
            self.policy = facts["content"]
        self._within = tag if tag in self.found and facts.get("type") != "application/json" else None

    def handle_data(self, data):
        if self._within:
            self.found[self._within].append(data)

    def handle_endtag(self, _):
        self._within = None


def page(bilingual=True):
    made = Page(Text(HOSTILE, "ページ"), bilingual=bilingual)
    made.heading("first", Text.same(HOSTILE))
    rows = [[Cell(Text.same(HOSTILE)), Cell.number(1.0, "1", 0.5)]]
    made.add(Table(Text.same("t"), [Text.same("a"), Text.same("b")], rows))
    return made.html


def document():
    made = Document(HOSTILE)
    made.table(["a"], [[HOSTILE]])
    return made.to_html()


@pytest.mark.parametrize("text", [page(), page(False), document()], ids=["page", "in English", "document"])
def test_the_policy_has_the_hashes_of_what_is_there_and_allows_nothing_else(text):
    found = Strings(text)
    for kind, name in (("script", "script-src"), ("style", "style-src")):
        (allowed,) = re.findall(rf"{name} ([^;]*)", found.policy)
        digests = (hashlib.sha256(each.encode()).digest() for each in found.found[kind])
        assert set(allowed.split()) == {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}
    assert found.policy.startswith("default-src 'none';")
    assert "unsafe" not in found.policy
    # It holds for what comes behind it.
    assert text.index("Content-Security-Policy") < text.index("<title") < text.index("<style")


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")
def test_a_browser_keeps_to_it(tmp_path):
    path = tmp_path / "page.html"
    with browser() as tab:
        path.write_text(page(), encoding="utf-8")
        tab.open(path)
        assert tab.complaints == []
        assert tab.run("window.hit") is None
        assert tab.run("document.querySelector('h2').innerText") == HOSTILE
        # The bar of a number is drawn by the script.
        assert tab.run("document.querySelector('.bar').style.getPropertyValue('--share')") == "50.0%"
        # Even if a name were not escaped, it would not get far.
        for name, part in PARTS.items():
            path.write_text(page().replace("<main>", f"<main>{part}"), encoding="utf-8")
            tab.open(path)
            tab.run("document.querySelector('#link')?.click()")
            tab.run("new Promise(done => setTimeout(done, 200))")
            assert tab.run("window.hit") is None, name
            assert tab.complaints, name
            assert tab.run("getComputedStyle(document.querySelector('#hidden') ?? document.body).display") == "block"
