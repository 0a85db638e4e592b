// Upstreams, and the endpoints of one of them.

import { Pager, Table, badge, h, icon, meter, setText } from './dom.js';
import { ago, count, date, duration, grade, none, percent, rate } from './format.js';
import { getJson } from './live.js';

const KINDS = { healthy: 'good', warming: 'warn', draining: 'warn', stale: 'warn', unhealthy: 'bad', ejected: 'bad', '': 'idle' };

function endpointsOf(row) {
  const all = row.endpoints;
  const parts = [['good', all.healthy, 'healthy'], ['bad', all.unhealthy, 'unhealthy'], ['warn', all.draining, 'draining'], ['warn', all.stale, 'stale']];
  const shown = parts.filter(([, number]) => number > 0).map(([kind, number, word]) => badge(kind, `${count(number)} ${word}`));
  if (row.ejected > 0) shown.push(badge('bad', `${count(row.ejected)} ejected`));
  return h('span', { class: 'badges' }, shown.length > 0 ? shown : badge('idle', 'none'));
}

function troubleOf(row) {
  if (row.failure) return row.failure;
  if (row.stale) return 'the endpoints may be outdated';
  return row.panic ? 'too few usable endpoints: all are used' : '';
}

const columns = (most) => [
  { id: 'name', label: 'Upstream', sort: 'name', head: true, signature: (row) => row.name + row.balancer + row.mutual_tls + troubleOf(row),
    cell: (row) => h('span', { class: 'stack' },
      h('span', {}, h('a', { href: `#/upstreams/${encodeURIComponent(row.name)}` }, row.name), row.mutual_tls ? h('span', { class: 'lock', title: 'mutual TLS' }, icon('lock'), h('span', { class: 'visually-hidden' }, ' mutual TLS')) : null),
      h('span', { class: 'muted small' }, `${row.discovery}, ${row.balancer}`), troubleOf(row) ? h('span', { class: 'small bad-text' }, troubleOf(row)) : null) },
  { id: 'endpoints', label: 'Endpoints', sort: 'trouble', signature: (row) => JSON.stringify(row.endpoints) + row.ejected, cell: endpointsOf },
  { id: 'rate', label: 'Attempts/s', sort: 'rate', number: true, signature: (row) => `${row.now.per_second}/${most()}`,
    cell: (row) => meter(rate(row.now.per_second), row.now.per_second / most()) },
  { id: 'success', label: 'Success', sort: 'success', number: true, signature: (row) => percent(row.now.success),
    cell: (row) => badge(grade(row.now.success), percent(row.now.success)) },
  { id: 'p50', label: 'p50', sort: 'p50', number: true, cell: (row) => duration(row.now.p50_ms) },
  { id: 'p99', label: 'p99', sort: 'p99', number: true, cell: (row) => duration(row.now.p99_ms) },
  { id: 'connections', label: 'Connections', number: true, hint: 'Open, of which idle', cell: (row) => `${count(row.connections)} (${count(row.idle_connections)} idle)` },
  { id: 'waiting', label: 'Waiting', number: true, hint: 'Attempts without a connection', cell: (row) => count(row.waiting) },
];

function stateOf(endpoint) {
  const state = endpoint.state ?? '';
  return badge(KINDS[state] ?? 'idle', state || 'not used yet');
}

function lastCheckOf(endpoint, now) {
  const check = endpoint.health?.last_check;
  if (!check) return endpoint.health ? 'not yet' : none;
  return `${check.detail || check.result}, ${duration(check.duration_ms)}, ${ago(Date.parse(check.at), now)}`;
}

const endpointColumns = (now, slowest) => [
  { id: 'address', label: 'Endpoint', head: true, class: 'mono', cell: (row) => row.address },
  { id: 'state', label: 'State', signature: (row) => row.state ?? '', cell: stateOf },
  { id: 'since', label: 'Since', signature: (row) => row.since ? `${row.since}${ago(Date.parse(row.since), now())}` : '',
    cell: (row) => row.since ? h('time', { datetime: row.since, title: date(Date.parse(row.since)) }, ago(Date.parse(row.since), now())) : none },
  { id: 'check', label: 'Last check', cell: (row) => lastCheckOf(row, now()) },
  { id: 'ewma', label: 'Expected latency', number: true, hint: 'The moving average of peak_ewma', signature: (row) => `${row.expected_latency_ms}/${slowest()}`,
    cell: (row) => row.expected_latency_ms === undefined ? none : meter(duration(row.expected_latency_ms), row.expected_latency_ms / slowest()) },
  { id: 'pending', label: 'In flight', number: true, cell: (row) => count(row.in_flight) },
  { id: 'ejected', label: 'Ejected by', number: true, hint: 'Workers whose breaker has taken it out of use', cell: (row) => row.ejected_by_workers ? `${row.ejected_by_workers} workers` : none },
  { id: 'weight', label: 'Weight', number: true, cell: (row) => count(row.weight) },
  { id: 'place', label: 'Zone, priority', cell: (row) => [row.zone, row.priority ? `priority ${row.priority}` : ''].filter(Boolean).join(', ') || none },
];

// The endpoints of an upstream. They are requested less often if there are many of them.
class Endpoints {
  constructor() {
    this.now = Date.now();
    this.slowest = 1;
    this.title = h('h2', { id: 'endpoints-title' });
    this.pager = new Pager('endpoints', () => this.ask(), 50);
    this.pager.input.hidden = true;
    this.table = new Table({ caption: 'Endpoints', columns: endpointColumns(() => this.now, () => this.slowest), key: (row) => row.address, empty: 'It has no endpoints.' });
    this.hint = h('p', { class: 'muted' }, 'Choose an upstream to see its endpoints.');
    this.frame = h('div', { hidden: true }, this.table.element);
    this.element = h('section', { class: 'card', 'aria-labelledby': 'endpoints-title' }, h('div', { class: 'card-head' }, this.title, this.pager.element), this.hint, this.frame);
    this.open('');
  }

  open(name) {
    this.name = name;
    this.pager.offset = 0;
    setText(this.title, name ? `Endpoints of ${name}` : 'Endpoints');
    this.hint.hidden = name !== '';
    this.frame.hidden = name === '';
    this.pager.element.hidden = name === '';
    this.ask();
  }

  // Called once a second.
  tick() {
    if (this.name && Date.now() >= (this.due ?? 0)) this.ask();
  }

  async ask() {
    const name = this.name;
    if (!name) return;
    this.due = Date.now() + 900;
    try {
      const page = await getJson(`/upstreams?name=${encodeURIComponent(name)}&${this.pager.query()}`);
      if (this.name === name) this.show(page);
    } catch (error) {
      if (this.name !== name) return;
      setText(this.title, `Endpoints of ${name}: ${error.message}`);
      this.table.update([]);
    }
  }

  show(page) {
    const rows = page.upstreams[0].endpoints;
    this.due = Date.now() + Math.max(900, page.endpoint_count / 2);
    this.now = Date.now();
    this.slowest = Math.max(1e-9, ...rows.map((row) => row.expected_latency_ms ?? 0));
    this.table.update(rows);
    this.pager.show(page.endpoint_count, rows.length);
  }
}

export function upstreams(frame, argument) {
  let most = 1;
  let sort = 'trouble';
  let selected = '';
  const endpoints = new Endpoints();
  const pager = new Pager('upstreams', () => stream.change(path()));
  const path = () => {
    const query = pager.query();
    query.set('sort', sort);
    return `/overview/upstreams?${query}`;
  };
  const table = new Table({ caption: 'Upstreams', columns: columns(() => most), key: (row) => row.name, sort, empty: 'There are no upstreams.',
    onSort: (wanted) => {
      sort = wanted;
      stream.change(path());
    },
    onOpen: (row) => { location.hash = `#/upstreams/${encodeURIComponent(row.name)}`; } });

  function go(name) {
    selected = name;
    endpoints.open(name);
  }

  const stream = frame.follow(path(), (page) => {
    const { rows, count: all } = page.upstreams;
    most = Math.max(1e-9, ...rows.map((row) => row.now.per_second));
    if (!selected && rows.length > 0) go(rows[0].name);
    table.update(rows, selected);
    pager.show(all, rows.length);
    endpoints.tick();
  });
  if (argument) go(argument);

  return {
    elements: [
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'All upstreams'), pager.element), table.element),
      endpoints.element,
    ],
    go,
    close: () => stream.close(),
  };
}
