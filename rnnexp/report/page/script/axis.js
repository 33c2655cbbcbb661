// Where the marks of an axis are, and how they are written.

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [320, 76, 36, 8, 46];
const DASHES = ["", "6 3", "2 3", "9 3 2 3", "12 4", "4 4", "1 4", "8 2 2 2 2 2"];
const [SECOND, DAY] = [1000, 86400000];
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].map((s) => s * SECOND)
  .concat([1, 2, 7, 14].map((days) => days * DAY));
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

function ticks(low, high, count, whole = false) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * power).find((size) => size >= rough);
  const found = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + 1e-9 * step; number++) found.push(number * step);
  return whole ? found.filter((place) => Math.abs(place - Math.round(place)) < 1e-9) : found;
}

function logTicks(low, high) {
  const found = [];
  const steps = Math.log10(high / low) > 3 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) found.push(step * 10 ** power);
  }
  const inside = found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  return inside.length > 1 ? inside : ticks(low, high, 4);
}

function timeTicks(low, high, count) {
  const rough = (high - low) / count;
  const even = TIMES.find((size) => size >= rough);
  const found = [];
  if (even) {
    for (let time = Math.ceil(low / even) * even; time <= high; time += even) found.push(time);
    return found;
  }
  const months = MONTHS.find((size) => size * 30 * DAY >= rough) ?? 2400;
  const begin = new Date(low);
  let month = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / months) * months;
  for (let time = -Infinity; time <= high; month += months) {
    // Years before 100 would be taken for ones after 1900.
    time = new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    if (time >= low && time <= high) found.push(time);
  }
  return found;
}

function named(time, apart) {
  const iso = new Date(time).toISOString();
  if (apart >= 360 * DAY) return iso.slice(0, 4);
  if (apart >= 27 * DAY) return iso.slice(0, 7);
  if (apart >= DAY) return iso.slice(0, 10);
  return apart >= 60 * SECOND ? iso.slice(5, 16).replace("T", " ") : iso.slice(11, 19);
}

const short = (value) => {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return String(Number(value.toPrecision(3)).toExponential()).replace("e+", "e");
  return Number(value.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 });
};
