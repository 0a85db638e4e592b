// Why: what would become of a request, and which requests have failed.

import { Table, badge, h, setText } from './dom.js';
import { count, duration, none, time } from './format.js';
import { Live, askForToken, events, getJson } from './live.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const KINDS = { forward: 'good', respond: 'good', redirect: 'good', refused: 'bad', no_route: 'bad', taken: 'good', proceeds: 'good', replies: 'bad', depends: 'warn', skipped: 'idle', not_reached: 'idle' };
const STATES = { healthy: 'good', unhealthy: 'bad', ejected: 'bad', warming: 'warn', draining: 'warn' };

const field = (label, input, hint) => h('label', { class: 'field' }, h('span', {}, label), input, hint ? h('span', { class: 'muted small' }, hint) : null);
const word = (text) => badge(KINDS[text] ?? 'idle', text.replaceAll('_', ' '));

function queryOf(form) {
  const query = new URLSearchParams();
  for (const name of ['method', 'url', 'listener', 'source', 'as']) {
    const value = form.elements[name].value.trim();
    if (value) query.set(name, value);
  }
  for (const name of ['group', 'scope']) {
    for (const value of form.elements[name].value.split(/[\s,]+/).filter(Boolean)) query.append(name, value);
  }
  for (const line of form.elements.headers.value.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) query.append(`header.${line.slice(0, colon).trim()}`, line.slice(colon + 1).trim());
  }
  return query;
}

function outcomeCard(page) {
  const { outcome } = page;
  const failed = outcome.kind === 'refused' || outcome.kind === 'no_route';
  const texts = { forward: 'is forwarded', respond: 'gets a response of weir', redirect: 'is redirected', refused: 'is refused', no_route: 'has no route' };
  return h('section', { class: `card verdict ${failed ? 'bad' : 'good'}` },
    h('h2', {}, `The request ${texts[outcome.kind] ?? outcome.kind}${outcome.status ? ` with ${outcome.status}` : ''}`),
    h('dl', { class: 'pairs' },
      [['Listener', page.request.listener], ['Path', page.path], ['Route', page.route], ['Reason', outcome.reason], ['Filter', outcome.filter], ['Detail', outcome.detail || page.refusal]]
        .filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))));
}

function tableOf(caption, heads, rows) {
  return h('div', { class: 'table-frame', tabindex: '0', role: 'region', 'aria-label': caption }, h('table', {}, h('caption', { class: 'visually-hidden' }, caption),
    h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, rows.map(([first, ...rest]) => h('tr', {}, h('th', { scope: 'row' }, first), rest.map((cell) => h('td', {}, cell)))))));
}

const section = (title, ...content) => h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, title)), ...content);

function filtersSection(filters) {
  return section('Filters, in order', h('ol', { class: 'steps' }, filters.map((filter) => h('li', {}, h('div', {},
    h('p', {}, h('strong', {}, filter.filter), ' ', word(filter.outcome), ' ', h('span', { class: 'muted small' }, `of the ${filter.of}`)),
    filter.why ? h('p', {}, filter.why) : null,
    filter.near_misses ? h('ul', { class: 'near' }, filter.near_misses.map((miss) => h('li', {}, miss))) : null)))));
}

function upstreamSection(upstream) {
  return section(`Upstream ${upstream.name}`, h('p', { class: 'muted' }, `${upstream.discovery.kind}, ${upstream.balancer}, ${upstream.connections.open} connections`),
    upstream.discovery.failure ? h('p', { class: 'bad-text' }, upstream.discovery.failure) : null,
    tableOf(`Endpoints of ${upstream.name}`, ['Endpoint', 'State', 'In flight', 'Expected latency'], upstream.endpoints.slice(0, 50).map((endpoint) => [
      h('span', { class: 'mono' }, endpoint.address), badge(STATES[endpoint.state] ?? 'idle', endpoint.state ?? 'not used yet'), String(endpoint.in_flight), duration(endpoint.expected_latency_ms)])));
}

function resultOf(page) {
  const parts = [outcomeCard(page)];
  if (page.considered.length > 0) {
    parts.push(section('Routes considered', tableOf('Routes considered', ['Route', 'Outcome', 'Match', 'Action', 'Why'],
      page.considered.map((route) => [route.route, word(route.outcome), h('span', { class: 'mono small' }, route.match), route.action, route.why]))));
  }
  if (page.filters.length > 0) parts.push(filtersSection(page.filters));
  parts.push(...page.upstreams.map(upstreamSection));
  return parts;
}

const endpointOf = (row) => [row.upstream, row.endpoint].filter(Boolean).join(' ') || none;

// The latest failures, for those who may see callers.
class Failures {
  constructor() {
    this.table = new Table({ caption: 'Latest failures', empty: 'Nothing has failed lately.', key: (row) => `${row.time}${row.request_id}${row.path}${row.reason}`, columns: [
      { id: 'time', label: 'Time', cell: (row) => time(Date.parse(row.time)) },
      { id: 'status', label: 'Status', signature: (row) => String(row.status), cell: (row) => row.status ? badge(row.status >= 500 ? 'bad' : 'warn', String(row.status)) : none },
      { id: 'reason', label: 'Reason', signature: (row) => row.reason + row.detail, cell: (row) => h('span', { class: 'stack' }, h('code', {}, row.reason), h('span', { class: 'muted small' }, row.detail ?? '')) },
      { id: 'request', label: 'Request', class: 'mono small', cell: (row) => [row.method, `${row.authority ?? ''}${row.path ?? ''}`].filter(Boolean).join(' ') || none },
      { id: 'route', label: 'Route', cell: (row) => row.route ?? none },
      { id: 'endpoint', label: 'Endpoint', class: 'mono small', cell: endpointOf },
      { id: 'client', label: 'Client', class: 'mono small', cell: (row) => row.identity ?? row.client ?? none },
      { id: 'took', label: 'Took', number: true, cell: (row) => duration(row.duration_ms) },
    ] });
    this.note = h('p', { class: 'muted', hidden: true });
    this.button = h('button', { type: 'button', class: 'ghost', hidden: true, onclick: async () => {
      if (await askForToken()) this.ask();
    } }, 'Enter a token');
    this.element = section('Latest failures', this.note, this.button, this.table.element);
    this.due = 0;
    this.ask();
  }

  tick() {
    if (Date.now() >= this.due) this.ask();
  }

  async ask() {
    this.due = Date.now() + 1900;
    try {
      const page = await getJson('/errors?limit=20', { quiet: true });
      this.note.hidden = this.button.hidden = true;
      this.table.element.hidden = false;
      this.table.update(page.errors);
    } catch (error) {
      this.due = Date.now() + 10_000;
      this.element.hidden = error.status === 404;
      this.note.hidden = false;
      this.table.element.hidden = true;
      this.button.hidden = error.status !== 401;
      setText(this.note, error.message);
    }
  }
}

const LINES = 100;

// Live requests with every step.
class Tap {
  constructor() {
    this.list = h('ol', { class: 'tapped' });
    this.text = h('span', { class: 'muted', role: 'status' });
    this.button = h('button', { class: 'primary' }, 'Start');
    this.when = h('input', { name: 'when', spellcheck: 'false', autocomplete: 'off', placeholder: 'response.status >= 500' });
    this.form = h('form', { class: 'fields tap', onsubmit: (event) => {
      event.preventDefault();
      if (this.abort) this.stop();
      else this.start();
    } }, field('Only requests for which this expression holds', this.when), this.button);
    this.element = h('section', { class: 'card explain' }, h('div', { class: 'card-head' }, h('h2', {}, 'Live requests'), this.text), this.form, this.list);
  }

  stop() {
    this.abort?.abort();
    this.abort = null;
    setText(this.button, 'Start');
  }

  async start() {
    this.abort = new AbortController();
    setText(this.button, 'Stop');
    setText(this.text, 'waiting for requests');
    this.list.replaceChildren();
    this.shown = 0;
    const query = new URLSearchParams({ rate: '10', duration: '10m' });
    if (this.when.value.trim()) query.set('when', this.when.value.trim());
    try {
      for await (const data of events(`/tap?${query}`, { method: 'POST', signal: this.abort.signal })) this.show(data);
      setText(this.text, 'ended');
    } catch (error) {
      setText(this.text, error.name === 'AbortError' ? `${count(this.shown)} requests` : error.message);
    }
    this.stop();
  }

  show(data) {
    if (!data) return;
    const line = JSON.parse(data);
    if (!line.request || Live.paused) return;
    setText(this.text, `${count(++this.shown)} requests, at most 10 in a second`);
    this.list.prepend(h('li', {}, tapped(line)));
    if (this.list.children.length > LINES) this.list.lastChild.remove();
  }
}

function tapped(line) {
  const { request, response } = line;
  const status = response?.status ?? 0;
  const kind = status >= 500 || status === 0 ? 'bad' : status >= 400 ? 'warn' : 'good';
  const stepOf = (step) => h('li', {}, h('div', {}, `${step.filter} `, word(step.verdict), h('span', { class: 'muted small' }, ` ${step.side}, of the ${step.of}${step.duration_ms === undefined ? '' : `, ${duration(step.duration_ms)}`}`)));
  const attemptOf = (attempt) => h('li', {}, h('div', {}, h('code', {}, attempt.endpoint ?? 'no endpoint'), ` ${attempt.status ?? ''} `, badge(attempt.outcome === 'ok' ? 'good' : 'bad', attempt.reason ?? attempt.outcome),
    h('span', { class: 'muted small' }, ` ${attempt.connection ? `${attempt.connection} connection, ` : ''}${duration(attempt.began_ms)} to ${duration(attempt.ended_ms)}`),
    attempt.candidates ? h('ul', { class: 'near' }, attempt.candidates.map((each) => h('li', {}, h('code', {}, each.endpoint), ` cost ${each.cost}, ${each.in_flight} in flight`))) : null));
  return h('details', {}, h('summary', {}, badge(kind, status ? String(status) : response?.reason ?? 'none'), h('span', { class: 'mono' }, ` ${request.method} ${request.authority ?? ''}${request.path} `),
    h('span', { class: 'muted' }, [line.route, line.attempts?.at(-1)?.endpoint, duration(line.timings_ms?.total)].filter(Boolean).join(', '))),
  h('dl', { class: 'pairs' }, [['Time', time(Date.parse(line.time))], ['Client', line.client?.address], ['Identity', line.client?.identity ?? line.client?.subject], ['Listener', line.listener], ['Upstream', line.upstream], ['Reason', response?.reason], ['Detail', response?.detail], ['Request ID', request.id], ['Trace', line.trace_id]]
    .filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
  line.filters ? h('ol', { class: 'steps' }, line.filters.map((step) => stepOf(step))) : null,
  line.attempts ? h('ol', { class: 'steps' }, line.attempts.map((attempt) => attemptOf(attempt))) : null);
}

export function why(frame) {
  const result = h('div', { class: 'result' });
  const form = h('form', { class: 'card explain', onsubmit: (event) => {
    event.preventDefault();
    ask();
  } },
  h('div', { class: 'card-head' }, h('h2', {}, 'Explain a request')),
  h('p', { class: 'muted' }, 'What weir would do with this request now. No request is sent.'),
  h('div', { class: 'fields' },
    field('Method', h('select', { name: 'method' }, METHODS.map((each) => h('option', {}, each)))),
    field('URL or path', h('input', { name: 'url', required: true, value: '/', spellcheck: 'false', autocomplete: 'off' })),
    h('button', { class: 'primary' }, 'Explain')),
  h('details', {}, h('summary', {}, 'Listener, caller and headers'),
    h('div', { class: 'fields more' },
      field('Listener', h('input', { name: 'listener', autocomplete: 'off' }), 'Empty: the one that fits the URL'),
      field('IP address of the client', h('input', { name: 'source', autocomplete: 'off' })),
      field('Authenticated caller', h('input', { name: 'as', autocomplete: 'off' }), 'spiffe://… or a subject'),
      field('Groups', h('input', { name: 'group', autocomplete: 'off' })),
      field('Scopes', h('input', { name: 'scope', autocomplete: 'off' })),
      field('Headers', h('textarea', { name: 'headers', rows: '3', spellcheck: 'false' }), 'One in a line: Name: value'))));

  async function ask() {
    try {
      const page = await getJson(`/explain?${queryOf(form)}`);
      result.replaceChildren(...resultOf(page));
      frame.announce(result.querySelector('h2').textContent);
    } catch (error) {
      result.replaceChildren(h('p', { class: 'card bad-text', role: 'alert' }, error.message));
    }
  }

  const failures = new Failures();
  const tap = new Tap();
  const stream = frame.follow('/overview?limit=0', () => failures.tick());
  return {
    elements: [form, result, tap.element, failures.element],
    close() {
      stream.close();
      tap.stop();
    },
  };
}
