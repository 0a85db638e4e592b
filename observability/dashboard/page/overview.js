// Overview: the traffic of the process and its routes, and what needs attention.

import { Pager, Table, badge, h, meter, setText } from './dom.js';
import { ago, count, duration, grade, none, percent, rate, time } from './format.js';
import { getJson } from './live.js';
import { Plot, Spark } from './plot.js';

const KEPT = 300;
// The columns of a point.
const [RATE, REFUSED, FAILED, P50, P95, P99] = [1, 2, 3, 4, 5, 6];

function tile(label, kind) {
  const spark = new Spark(kind);
  const value = h('dd', { class: 'big' }, none);
  const note = h('dd', { class: 'muted' });
  const element = h('div', { class: 'card tile' }, h('dl', {}, h('dt', {}, label), value, note), spark.element);
  return { element, spark, show: (text, more, state = '') => {
    setText(value, text);
    setText(note, more);
    element.dataset.state = state;
  } };
}

export const eventItem = (event, now) => h('li', { class: `event ${event.severity}` },
  h('span', { class: 'marker', 'aria-hidden': 'true' }),
  h('div', {},
    h('p', {}, event.subject ? h('strong', {}, `${event.subject} `) : null, event.text,
      event.kind === 'reload' ? ` (#${event.generation})` : ''),
    (event.mistakes ?? []).slice(0, 1).map((mistake) => h('p', { class: 'mono small' }, mistake.text)),
    h('p', { class: 'muted small' }, `${event.kind}, `, h('time', { datetime: new Date(event.at).toISOString(), title: new Date(event.at).toLocaleString() }, `${time(event.at)}, ${ago(event.at, now)}`))));

const routeColumns = (most) => [
  { id: 'name', label: 'Route', sort: 'name', head: true, signature: (row) => row.name + row.match,
    cell: (row) => h('span', { class: 'stack' }, h('a', { href: `#/routes/${encodeURIComponent(row.name)}` }, row.name), h('span', { class: 'muted mono small' }, row.match)) },
  { id: 'rate', label: 'Requests/s', sort: 'rate', number: true, signature: (row) => `${row.now.per_second}/${most()}`,
    cell: (row) => meter(rate(row.now.per_second), row.now.per_second / most()) },
  { id: 'success', label: 'Success', sort: 'success', number: true, hint: 'Share of responses without a status of 5xx',
    signature: (row) => percent(row.now.success), cell: (row) => badge(grade(row.now.success), percent(row.now.success)) },
  { id: 'p50', label: 'p50', sort: 'p50', number: true, cell: (row) => duration(row.now.p50_ms) },
  { id: 'p95', label: 'p95', sort: 'p95', number: true, cell: (row) => duration(row.now.p95_ms) },
  { id: 'p99', label: 'p99', sort: 'p99', number: true, cell: (row) => duration(row.now.p99_ms) },
  { id: 'refused', label: '4xx/s', number: true, cell: (row) => rate(row.now.client_errors_per_second) },
  { id: 'failed', label: '5xx/s', sort: 'errors', number: true, cell: (row) => rate(row.now.server_errors_per_second) },
  { id: 'total', label: 'Since start', number: true, cell: (row) => count(row.total.requests) },
];

function attentionItems(page) {
  const items = [];
  for (const upstream of page.troubled_upstreams.rows) {
    const parts = [];
    if (upstream.ejected > 0) parts.push(`${count(upstream.ejected)} ejected`);
    if (upstream.endpoints.unhealthy > 0) parts.push(`${count(upstream.endpoints.unhealthy)} unhealthy`);
    if (upstream.panic) parts.push('too few usable endpoints, all are used');
    if (upstream.now.server_errors_per_second > 0) parts.push(`${rate(upstream.now.server_errors_per_second)} failures/s`);
    items.push(h('li', { class: 'event bad' }, h('span', { class: 'marker', 'aria-hidden': 'true' }), h('div', {},
      h('p', {}, 'Upstream ', h('a', { href: `#/upstreams/${encodeURIComponent(upstream.name)}` }, upstream.name), `: ${parts.join(', ')}`))));
  }
  for (const reply of page.reasons) {
    const place = [reply.route && `route ${reply.route}`, reply.filter && `filter ${reply.filter}`].filter(Boolean).join(', ');
    items.push(h('li', { class: `event ${reply.status >= 500 ? 'bad' : 'notice'}` }, h('span', { class: 'marker', 'aria-hidden': 'true' }), h('div', {},
      h('p', {}, h('code', {}, reply.reason), ` ${rate(reply.per_second)}/s with ${reply.status}${place ? `, ${place}` : ''}`),
      h('p', { class: 'muted small' }, plain(reply.meaning)), reply.remedy ? h('p', { class: 'small' }, plain(reply.remedy)) : null)));
  }
  return items;
}

// The texts about reasons are Markdown with code and links.
export function plain(markdown) {
  return markdown.replaceAll('`', '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

export function overview(frame) {
  let points = [];
  let most = 1;
  let sort = 'rate';
  const live = () => frame.follow(path(), onData);
  const pager = new Pager('routes', () => stream.change(path()));
  const path = () => {
    const query = pager.query();
    query.set('sort', sort);
    return `/overview?${query}`;
  };

  const tiles = [tile('Requests per second', 'ok'), tile('Success rate', 'good'), tile('Latency p99', 'p99'), tile('Failures per second', 'failed')];
  const traffic = new Plot({ title: 'Requests per second', stacked: true, format: rate, series: [
    { name: '5xx', column: FAILED, kind: 'failed' }, { name: '4xx', column: REFUSED, kind: 'refused' }, { name: 'others', column: RATE + 6, kind: 'ok' }] });
  const latency = new Plot({ title: 'Latency', format: duration, series: [
    { name: 'p50', column: P50, kind: 'p50' }, { name: 'p95', column: P95, kind: 'p95' }, { name: 'p99', column: P99, kind: 'p99' }] });
  const attention = h('ul', { class: 'events' });
  const lately = h('ul', { class: 'events' });
  const table = new Table({ caption: 'Routes', columns: routeColumns(() => most), key: (row) => row.name, sort, empty: 'There are no routes.',
    onSort: (wanted) => {
      sort = wanted;
      stream.change(path());
    } });
  let shown = '';

  // The column behind the last one of the server: requests without an error.
  const complete = (point) => [...point, Math.max(0, point[RATE] - point[REFUSED] - point[FAILED])];

  function showTiles(page) {
    const last = points.slice(-60);
    const now = page.now;
    tiles[0].show(rate(now.per_second), `${count(page.total.requests)} since the start`);
    tiles[1].show(percent(now.success), `over the last ${Math.round(page.window_seconds)} s`, grade(now.success));
    tiles[2].show(duration(now.p99_ms), `p50 ${duration(now.p50_ms)}, p95 ${duration(now.p95_ms)}`);
    tiles[3].show(rate(now.server_errors_per_second), `${rate(now.client_errors_per_second)}/s with 4xx`, now.server_errors_per_second > 0 ? grade(now.success) : '');
    tiles[0].spark.update(last.map((point) => point[RATE]));
    tiles[1].spark.update(last.map((point) => point[RATE] > 0 ? 1 - point[FAILED] / point[RATE] : 1));
    tiles[2].spark.update(last.map((point) => point[P99]));
    tiles[3].spark.update(last.map((point) => point[FAILED]));
  }

  function showLists(page) {
    const items = attentionItems(page);
    const sign = items.map((item) => item.textContent).join('|') + frame.events.latest + Math.floor(page.at / 5000);
    if (sign === shown) return;
    shown = sign;
    attention.replaceChildren(...(items.length > 0 ? items : [h('li', { class: 'event good' }, h('span', { class: 'marker', 'aria-hidden': 'true' }), h('p', {}, 'No failures, and every endpoint is in use.'))]));
    const latest = frame.events.list.slice(-5).reverse();
    lately.replaceChildren(...latest.map((event) => eventItem(event, page.at)));
  }

  function onData(page) {
    if (page.point && page.point[0] !== points.at(-1)?.[0]) points = [...points, complete(page.point)].slice(-KEPT);
    most = Math.max(1e-9, ...page.routes.rows.map((row) => row.now.per_second));
    showTiles(page);
    traffic.update(points, frame.events.list);
    latency.update(points, frame.events.list);
    showLists(page);
    table.update(page.routes.rows);
    pager.show(page.routes.count, page.routes.rows.length);
  }

  getJson('/overview/history').then((page) => {
    const first = points[0]?.[0] ?? Infinity;
    points = [...page.points.filter((point) => point[0] < first).map(complete), ...points].slice(-KEPT);
  }).catch(() => {});
  const stream = live();

  return {
    elements: [
      h('div', { class: 'tiles' }, tiles.map((each) => each.element)),
      h('div', { class: 'plots' }, traffic.element, latency.element),
      h('div', { class: 'columns' },
        h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Needs attention')), attention),
        h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Lately')), lately)),
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Routes'), pager.element), table.element),
    ],
    close: () => stream.close(),
  };
}
