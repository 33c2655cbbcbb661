// Tables that sort and can be filtered.

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const order = [...body.rows];
  for (const bar of body.querySelectorAll("[data-share]")) bar.style.setProperty("--share", bar.dataset.share);
  const key = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : null;
  };
  const shown = (row, column) => row.cells[column].innerText.trim();
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = element("button", { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    const numeric = order.some((row) => key(row, column) !== null);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      body.append(...[...order].sort((a, b) => {
        if (!numeric) return sign * shown(a, column).localeCompare(shown(b, column), root.lang, { numeric: true });
        const [x, y] = [key(a, column), key(b, column)];
        // What has no number is last, whichever way the others go.
        if (x === null || y === null) return (x === null) - (y === null);
        return sign * (x - y);
      }));
    });
  });
  if ("filter" in table.dataset) filterable(table, order);
}

function filterable(table, rows) {
  const place = element("div", { class: "filter" });
  const label = element("label", {}, place);
  const name = element("span", {}, label);
  write(() => { name.textContent = `${word("filter")}: `; });
  const field = element("input", { type: "search" }, label);
  const count = element("output", { "aria-live": "polite" }, place);
  const filter = () => {
    const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !asked.every((part) => row.textContent.toLowerCase().includes(part));
    count.textContent = `${rows.filter((row) => !row.hidden).length} / ${rows.length}`;
  };
  field.addEventListener("input", filter);
  filter();
  table.parentElement.before(place);
}
