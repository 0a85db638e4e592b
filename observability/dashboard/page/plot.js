// Plots of the last minutes, drawn as SVG by hand.

import { h, setText, svg } from './dom.js';
import { time } from './format.js';

const WIDTH = 640;
const HEIGHT = 190;
const LEFT = 46;
const RIGHT = 8;
const TOP = 12;
const BOTTOM = 24;
const TICKS = 4;

// The next of 1, 2, 4, 8, 10 ... above the value, so that a quarter of it is a round number.
function roundUp(value) {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 8, 10].find((step) => step * size >= value) * size;
}

const line = (points) => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

const GAP_MS = 4000;
const SPANS = [30, 60, 300];  // seconds: the first that shows all points

// Runs of points without gaps. `times` are those of all points; a point may be null.
function runs(points, times) {
  const all = [[]];
  points.forEach((point, i) => {
    if (point === null || (i > 0 && times[i] - times[i - 1] > GAP_MS)) all.push([]);
    if (point !== null) all.at(-1).push(point);
  });
  return all.filter((run) => run.length > 0);
}

// series: [{name, column, kind}], the first at the bottom of a stack. Points: arrays [ms, values...].
export class Plot {
  constructor({ title, series, stacked = false, format }) {
    Object.assign(this, { title, series, stacked, format, seconds: SPANS[0], points: [], marks: [], cursor: null });
    this.grid = svg('g', { class: 'grid' });
    this.shapes = svg('g');
    this.flags = svg('g');
    this.hair = svg('line', { class: 'hair', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' });
    this.image = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'plot', 'aria-hidden': 'true', focusable: 'false' },
      this.grid, this.shapes, this.flags, this.hair);
    this.values = series.map((each) => h('span', { class: 'value' }));
    this.legend = h('ul', { class: 'legend' }, series.map((each, i) =>
      h('li', {}, h('span', { class: `swatch ${each.kind}`, 'aria-hidden': 'true' }), `${each.name} `, this.values[i])));
    this.when = h('span', { class: 'muted when' });
    this.frame = h('div', { class: 'plot-frame', role: 'slider', tabindex: '0', 'aria-label': `${title}, by time`,
      'aria-valuemin': '0', 'aria-valuemax': '0', 'aria-valuenow': '0', 'aria-valuetext': 'no data yet',
      onkeydown: (event) => this.onKey(event), onblur: () => this.moveTo(null),
      onpointermove: (event) => this.onPointer(event), onpointerleave: () => this.moveTo(null) }, this.image);
    this.element = h('section', { class: 'card plot-card' },
      h('div', { class: 'card-head' }, h('h2', {}, title), this.when), this.frame, this.legend);
  }

  x(ms) {
    return WIDTH - RIGHT - (this.end - ms) / (this.seconds * 1000) * (WIDTH - LEFT - RIGHT);
  }

  y(value) {
    return HEIGHT - BOTTOM - value / this.top * (HEIGHT - TOP - BOTTOM);
  }

  update(points, marks) {
    this.end = points.at(-1)?.[0] ?? Date.now();
    const known = (this.end - (points[0]?.[0] ?? this.end)) / 1000;
    this.seconds = SPANS.find((span) => span >= known) ?? SPANS.at(-1);
    this.points = points.filter((point) => this.end - point[0] <= this.seconds * 1000);
    this.marks = marks.filter((mark) => mark.at <= this.end + 1000 && this.end - mark.at <= this.seconds * 1000);
    this.top = roundUp(Math.max(0, ...this.points.map((point) => this.heightOf(point))) * 1.05);
    this.drawGrid();
    this.drawShapes();
    this.drawMarks();
    this.showValues();
  }

  heightOf(point) {
    const values = this.series.map((each) => point[each.column] ?? 0);
    return this.stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  }

  drawGrid() {
    const parts = [];
    for (let i = 0; i <= TICKS; ++i) {
      const value = this.top * i / TICKS;
      const y = this.y(value);
      parts.push(svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
        svg('text', { x: LEFT - 8, y: y + 4, class: 'tick end' }, this.format(value)));
    }
    const step = this.seconds > 120 ? 60_000 : this.seconds > 30 ? 15_000 : 5000;
    for (let at = Math.ceil((this.end - this.seconds * 1000) / step) * step; at < this.end; at += step) {
      const x = this.x(at);
      if (x < LEFT + 20 || x > WIDTH - 30) continue;
      parts.push(svg('text', { x, y: HEIGHT - 6, class: 'tick middle' }, time(at).slice(0, this.seconds > 120 ? 5 : 8)));
    }
    this.grid.replaceChildren(...parts);
  }

  drawShapes() {
    const base = this.points.map(() => 0);
    const parts = this.series.map((each) => {
      const top = this.points.map((point, i) => {
        const value = point[each.column];
        if (this.stacked) base[i] += value ?? 0;
        return value === null || value === undefined ? null : [this.x(point[0]), this.y(this.stacked ? base[i] : value)];
      });
      return runs(top, this.points.map((point) => point[0])).map((run) => this.stacked ? this.areaOf(run, each) : this.lineOf(run, each));
    });
    if (this.stacked) parts.reverse();  // the lowest in front
    this.shapes.replaceChildren(...parts.flat());
  }

  lineOf(run, each) {
    if (run.length === 1) return svg('circle', { cx: run[0][0], cy: run[0][1], r: 1.5, class: `point ${each.kind}` });
    return svg('path', { d: line(run), class: `line ${each.kind}` });
  }

  areaOf(run, each) {
    const floor = this.y(0);
    return svg('path', { d: `${line(run)}L${run.at(-1)[0].toFixed(1)} ${floor}L${run[0][0].toFixed(1)} ${floor}Z`, class: `area ${each.kind}` });
  }

  drawMarks() {
    this.flags.replaceChildren(...this.marks.map((mark) => {
      const x = this.x(mark.at);
      if (x < LEFT) return '';
      return svg('g', { class: `mark ${mark.severity}` }, svg('title', {}, `${time(mark.at)} ${mark.text}`),
        svg('line', { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
        svg('path', { d: `M${x - 4} ${TOP - 8}h8l-4 7z` }));
    }));
  }

  onPointer(event) {
    const box = this.image.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * WIDTH;
    let best = null;
    this.points.forEach((point, i) => {
      if (best === null || Math.abs(this.x(point[0]) - x) < Math.abs(this.x(this.points[best][0]) - x)) best = i;
    });
    this.moveTo(best);
  }

  onKey(event) {
    const last = this.points.length - 1;
    const at = this.cursor ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last, Escape: null }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.moveTo(to === null ? null : Math.max(0, Math.min(last, to)));
  }

  moveTo(cursor) {
    this.cursor = cursor;
    this.showValues();
  }

  showValues() {
    const last = this.points.length - 1;
    const at = Math.min(this.cursor ?? last, last);
    const point = this.points[at];
    this.hair.setAttribute('visibility', this.cursor === null || !point ? 'hidden' : 'visible');
    if (!point) return;
    const x = this.x(point[0]);
    this.hair.setAttribute('x1', x);
    this.hair.setAttribute('x2', x);
    const texts = this.series.map((each) => this.format(point[each.column]));
    texts.forEach((text, i) => setText(this.values[i], text));
    setText(this.when, this.cursor === null ? '' : time(point[0]));
    this.frame.setAttribute('aria-valuemax', String(last));
    this.frame.setAttribute('aria-valuenow', String(at));
    this.frame.setAttribute('aria-valuetext', `${time(point[0])}: ${this.series.map((each, i) => `${each.name} ${texts[i]}`).join(', ')}`);
  }
}

// A small line without axes.
export class Spark {
  constructor(kind) {
    this.path = svg('path', { class: `line ${kind}` });
    this.area = svg('path', { class: `area faint ${kind}` });
    this.element = svg('svg', { viewBox: '0 0 120 32', class: 'spark', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.area, this.path);
  }

  update(values, floor = 0) {
    const known = values.map((value) => value ?? floor);
    const top = Math.max(floor + 1e-9, ...known);
    const points = known.map((value, i) => [known.length < 2 ? 120 : i / (known.length - 1) * 120, 30 - (value - floor) / (top - floor) * 27]);
    if (points.length === 0) return;
    this.path.setAttribute('d', line(points));
    this.area.setAttribute('d', `${line(points)}L120 32L0 32Z`);
  }
}
