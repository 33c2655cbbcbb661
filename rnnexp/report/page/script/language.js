// The language of the page, and what the script itself says in it.

const root = document.documentElement;
const words = {
  en: {
    zoomIn: "Zoom in", zoomOut: "Zoom out", all: "Show all", filter: "Filter the rows", missing: "none",
    scroll: "scrolls sideways", read: "Point at the curves to read them.",
  },
  ja: {
    zoomIn: "拡大", zoomOut: "縮小", all: "全体を表示", filter: "行の絞り込み", missing: "なし", scroll: "横にスクロールできます",
    read: "グラフにカーソルを合わせると値を表示します。",
  },
};
const word = (name) => words[root.lang][name];
const said = (text) => text[root.lang];
// What shows words that are not in the page's text: each is called when the language changes.
const written = [];
const write = (put) => { written.push(put); put(); };

function element(name, facts = {}, parent = null) {
  const made = document.createElement(name);
  for (const [fact, value] of Object.entries(facts)) {
    if (fact === "text") made.textContent = value; else made.setAttribute(fact, value);
  }
  if (parent) parent.append(made);
  return made;
}

function shape(name, facts, parent, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [fact, value] of Object.entries(facts)) {
    // The page's policy lets no attribute be a style.
    if (fact === "style") made.style.cssText = value; else made.setAttribute(fact, value);
  }
  if (text !== null) made.textContent = text;
  parent.append(made);
  return made;
}

function speak(language) {
  root.lang = language;
  const title = document.querySelector("title");
  document.title = title.dataset[language];
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  for (const put of written) put();
}
