// Curves that are zoomed, and read at the cursor.

class Chart {
  constructor(figure) {
    this.plot = figure.querySelector(".plot");
    this.facts = JSON.parse(figure.querySelector("script").textContent);
    const at = this.facts.at;
    const { time, names } = this.facts.x;
    const alone = at[0] === at[at.length - 1];
    // What stands by itself, with room around it.
    const points = this.facts.lines.some((line) => line.bars || !line.joined);
    const edge = names.length ? 0.5 : alone ? (time ? DAY : 1) : points ? 0.03 * (at[at.length - 1] - at[0]) : 0;
    this.all = [at[0] - edge, at[at.length - 1] + edge];
    this.apart = Math.min(...at.slice(1).map((place, number) => place - at[number]).filter((size) => size > 0), DAY);
    this.view = this.all;
    this.whole = at.every(Number.isInteger);
    this.hidden = new Set(this.facts.lines.map((line, number) => line.hidden ? number : -1));
    this.cursor = null;
    this.tools(figure);
    this.readout = element("div", { class: "readout", "aria-live": "polite" });
    this.plot.after(this.readout);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.plot);
    write(() => this.draw());
  }

  tools(figure) {
    const tools = element("div", { class: "tools" });
    this.facts.lines.forEach((line, number) => {
      const key = element("button", { type: "button", class: "key", "aria-pressed": String(!line.hidden) }, tools);
      const sample = shape("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, key);
      shape("path", { d: line.joined ? "M0 5H26" : "M13 5h.01", ...this.look(line, number) }, sample);
      const name = element("span", {}, key);
      write(() => { name.textContent = said(line.name); });
      key.addEventListener("click", () => {
        this.hidden.has(number) ? this.hidden.delete(number) : this.hidden.add(number);
        key.setAttribute("aria-pressed", String(!this.hidden.has(number)));
        this.draw();
      });
    });
    element("span", { class: "space" }, tools);
    const button = (name, sign, act) => {
      const made = element("button", { type: "button", class: "zoom", text: sign }, tools);
      write(() => { made.setAttribute("aria-label", word(name)); made.title = word(name); });
      made.addEventListener("click", act);
      return made;
    };
    button("zoomIn", "+", () => this.zoom(0.5));
    this.wider = [button("zoomOut", "−", () => this.zoom(2)), button("all", "⟲", () => this.show(this.all))];
    this.plot.before(tools);
  }

  look(line, number) {
    return {
      class: line.joined ? (line.strong ? "line strong" : "line") : "line points",
      style: `stroke: var(--line${number % 8})`,
      "stroke-dasharray": line.joined ? DASHES[number % 8] : "",
    };
  }

  // Shows a part of the axis, no larger than all of it, and no smaller than two steps.
  show([low, high]) {
    const least = 2 * this.apart;
    const width = Math.min(Math.max(high - low, least), this.all[1] - this.all[0]);
    const begin = Math.min(Math.max((low + high - width) / 2, this.all[0]), this.all[1] - width);
    this.view = [begin, begin + width];
    this.draw();
  }

  zoom(by) {
    const [low, high] = this.view;
    const middle = this.cursor === null ? (low + high) / 2 : this.facts.at[this.cursor];
    this.show([middle + (low - middle) * by, middle + (high - middle) * by]);
  }

  // The range of points in view, with one more at each end, so that lines go to the edge.
  inView() {
    const at = this.facts.at;
    let first = at.findIndex((place) => place >= this.view[0]);
    let last = at.findLastIndex((place) => place <= this.view[1]);
    first = first < 0 ? at.length - 1 : first;
    return [Math.max(first - 1, 0), Math.min(Math.max(last, first) + 1, at.length - 1)];
  }

  range(first, last) {
    let [low, high] = [Infinity, -Infinity];
    this.facts.lines.forEach((line, number) => {
      if (this.hidden.has(number)) return;
      for (let place = first; place <= last; place++) {
        const value = line.values[place];
        if (value === null) continue;
        const bar = this.bar(line, place);
        if (value - bar < low && !(this.facts.y.log && value <= bar)) low = value - bar;
        if (value < low) low = value;
        if (value + bar > high) high = value + bar;
      }
    });
    if (low > high) return this.facts.y.log ? [0.1, 1] : [0, 1];
    if (this.facts.y.limits) {
      low = Math.max(low, this.facts.y.limits[0]);
      high = Math.min(high, this.facts.y.limits[1]);
    }
    if (this.facts.y.log) return low === high ? [low / 2, high * 2] : [low / 1.05, high * 1.05];
    const margin = 0.04 * (high - low) || Math.abs(high) * 0.1 || 1;
    return [low - margin, high + margin];
  }

  bar(line, place) {
    return line.bars?.[place] ?? 0;
  }

  // Of categories, lines stand side by side, in pixels.
  shift(number) {
    if (!this.facts.x.names.length || this.facts.lines[number].joined) return 0;
    const apart = (line, other) => !line.joined && !this.hidden.has(other) ? [other] : [];
    const shown = this.facts.lines.flatMap(apart);
    const slot = (this.edges.right - LEFT) / (this.view[1] - this.view[0]);
    return (shown.indexOf(number) - (shown.length - 1) / 2) * Math.min(14, 0.8 * slot / shown.length);
  }

  // Values that stand by themselves, and error bars.
  points(line, number, [first, last], parent) {
    const style = `stroke: var(--line${number % 8}); fill: var(--line${number % 8})`;
    for (let place = first; place <= last; place++) {
      const value = line.values[place];
      if (value === null) continue;
      const [dx, dy] = [this.left(this.facts.at[place]) + this.shift(number), this.up(value)];
      shape("circle", { cx: dx, cy: dy, r: 3.5, style }, parent);
      const bar = this.bar(line, place);
      if (!bar) continue;
      const [top, end] = [this.up(value + bar), this.facts.y.log && value <= bar ? this.edges.bottom : this.up(value - bar)];
      shape("path", { class: "bar-of", d: `M${dx - 4} ${top}h8m-4 0V${end}m-4 0h8`, style }, parent);
    }
  }

  // What a place along is called.
  called(place, apart) {
    const { x } = this.facts;
    if (x.names.length) return x.names[place] ? said(x.names[place]) : "";
    if (x.time) return named(place, apart);
    return short(x.log ? 10 ** place : place);
  }

  along() {
    const { x } = this.facts;
    const room = Math.max(Math.floor((this.edges.right - LEFT) / 95), 2);
    if (x.names.length) return this.facts.at.filter((place) => place >= this.view[0] && place <= this.view[1]);
    if (x.time) return timeTicks(...this.view, room);
    if (x.log) return logTicks(...this.view.map((place) => 10 ** place)).map(Math.log10);
    return ticks(...this.view, room, this.whole);
  }

  draw() {
    const width = this.plot.clientWidth;
    if (!width) return;
    this.plot.replaceChildren();
    const { x, y, at, lines, band } = this.facts;
    const svg = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" }, this.plot);
    const [right, bottom] = [width - RIGHT, HEIGHT - BOTTOM];
    const [first, last] = this.inView();
    const [low, high] = this.range(first, last);
    const scale = y.log ? Math.log : (value) => value;
    this.left = (place) => LEFT + (place - this.view[0]) / (this.view[1] - this.view[0]) * (right - LEFT);
    this.place = (left) => this.view[0] + (left - LEFT) / (right - LEFT) * (this.view[1] - this.view[0]);
    const up = (value) => bottom - (scale(value) - scale(low)) / (scale(high) - scale(low)) * (bottom - TOP);
    this.up = up;
    this.edges = { right, bottom };
    const clip = `${this.plot.parentElement.id}-clip`;
    shape("rect", { x: LEFT, y: TOP, width: right - LEFT, height: bottom - TOP }, shape("clipPath", { id: clip }, svg));
    if (band) {
      const [from, to] = [band.from, band.to].map((place) => Math.min(Math.max(this.left(place), LEFT), right));
      const made = shape("rect", { class: "band", x: from, y: TOP, width: to - from, height: bottom - TOP }, svg);
      shape("title", {}, made, said(band.name));
      if (to - from > 90) shape("text", { class: "tick", x: from + 6, y: TOP + 14 }, svg, said(band.name));
    }
    for (const value of y.log ? logTicks(low, high) : ticks(low, high, 5)) {
      shape("line", { class: "grid", x1: LEFT, x2: right, y1: up(value), y2: up(value) }, svg);
      shape("text", { class: "tick", x: LEFT - 8, y: up(value) + 4, "text-anchor": "end" }, svg, short(value));
    }
    const along = this.along();
    for (const place of along) {
      const name = this.called(place, along.length > 1 ? along[1] - along[0] : DAY);
      shape("line", { class: "grid", x1: this.left(place), x2: this.left(place), y1: bottom, y2: bottom + 5 }, svg);
      shape("text", { class: "tick", x: this.left(place), y: bottom + 18, "text-anchor": "middle" }, svg, name);
    }
    shape("text", { x: (LEFT + right) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, svg, said(x.label));
    const beside = { transform: `rotate(-90) translate(${-(TOP + bottom) / 2} 13)`, "text-anchor": "middle" };
    shape("text", beside, svg, said(y.label));
    const curves = shape("g", { "clip-path": `url(#${clip})` }, svg);
    lines.forEach((line, number) => {
      if (this.hidden.has(number)) return;
      if (line.bars || !line.joined) this.points(line, number, [first, last], curves);
      if (!line.joined) return;
      let [path, pen, alone] = ["", "M", last - first < 3];
      for (let place = first; place <= last; place++) {
        const value = line.values[place];
        if (value === null) { pen = "M"; continue; }
        const [dx, dy] = [this.left(at[place]), up(value)];
        path += `${pen}${dx.toFixed(1)} ${dy.toFixed(1)}`;
        pen = "L";
        if (alone) shape("circle", { cx: dx, cy: dy, r: 3, style: `fill: var(--line${number % 8})` }, curves);
      }
      shape("path", { d: path, ...this.look(line, number) }, curves);
    });
    this.marks = shape("g", {}, svg);
    for (const button of this.wider) button.disabled = this.view[1] - this.view[0] >= this.all[1] - this.all[0];
    this.read();
  }

  // Reads all curves at the cursor.
  read() {
    this.marks.replaceChildren();
    this.readout.replaceChildren();
    if (this.cursor === null) {
      element("span", { text: word("read") }, this.readout);
      return;
    }
    const { x, at, lines } = this.facts;
    const place = at[this.cursor];
    const left = this.left(place);
    if (left < LEFT - 1 || left > this.edges.right + 1) return;
    shape("line", { class: "cursor", x1: left, x2: left, y1: TOP, y2: this.edges.bottom }, this.marks);
    const time = this.called(place, Math.min(this.apart, DAY));
    const day = x.time && this.apart < DAY ? `${new Date(place).toISOString().slice(0, 10)} ${time.slice(-8).trim()}` : time;
    element("span", { text: `${said(x.label)}: ${day}` }, this.readout);
    if (x.labels.length) element("span", { text: said(x.labels[this.cursor]) }, this.readout);
    lines.forEach((line, number) => {
      if (this.hidden.has(number)) return;
      const value = line.values[this.cursor];
      if (value === null && !line.joined) return;
      const bar = this.bar(line, this.cursor);
      const text = value === null ? word("missing") : short(value) + (bar ? ` ± ${short(bar)}` : "");
      element("span", { text: `${said(line.name)}: ${text}` }, this.readout);
      if (value !== null && this.up(value) >= TOP && this.up(value) <= this.edges.bottom) {
        const beside = left + this.shift(number);
        shape("circle", { cx: beside, cy: this.up(value), r: 4.5, style: `fill: var(--line${number % 8})` }, this.marks);
      }
    });
  }

  nearest(left) {
    const at = this.facts.at;
    const asked = this.place(left);
    let [low, high] = [0, at.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (at[middle] < asked) low = middle; else high = middle;
    }
    return asked - at[low] < at[high] - asked ? low : high;
  }

  listen() {
    let begun = null;
    const left = (event) => event.clientX - this.plot.getBoundingClientRect().left;
    const inside = (at) => Math.min(Math.max(at, LEFT), this.edges.right);
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      begun = inside(left(event));
      this.plot.setPointerCapture(event.pointerId);
    });
    this.plot.addEventListener("pointermove", (event) => {
      const here = inside(left(event));
      this.cursor = this.nearest(here);
      this.read();
      if (begun === null) return;
      const [from, to] = [Math.min(begun, here), Math.max(begun, here)];
      shape("rect", { class: "chosen", x: from, y: TOP, width: to - from, height: this.edges.bottom - TOP }, this.marks);
    });
    this.plot.addEventListener("pointerup", (event) => {
      const here = inside(left(event));
      const from = begun;
      begun = null;
      if (from !== null && Math.abs(here - from) > 5) {
        this.show([this.place(Math.min(from, here)), this.place(Math.max(from, here))]);
      } else this.read();
    });
    this.plot.addEventListener("pointercancel", () => { begun = null; this.read(); });
    this.plot.addEventListener("dblclick", () => this.show(this.all));
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.facts.at;
    const [first, last] = this.inView();
    const step = event.shiftKey ? 10 : 1;
    const here = this.cursor ?? (first + last) >> 1;
    const move = (to) => {
      this.cursor = Math.min(Math.max(to, 0), at.length - 1);
      const place = at[this.cursor];
      const [low, high] = this.view;
      if (place < low) this.show([place, place + high - low]);
      else if (place > high) this.show([place - high + low, place]);
      else this.read();
    };
    const along = (share) => {
      const by = share * (this.view[1] - this.view[0]);
      this.show([this.view[0] + by, this.view[1] + by]);
    };
    const acts = {
      ArrowLeft: () => move(here - step), ArrowRight: () => move(here + step), Home: () => move(0),
      End: () => move(at.length - 1), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      PageUp: () => along(-0.5), PageDown: () => along(0.5), 0: () => this.show(this.all),
      Escape: () => this.show(this.all),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}
