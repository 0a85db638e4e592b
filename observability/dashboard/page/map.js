// The map of services: listeners, routes and upstreams as nodes, their traffic as edges.

import { Table, arrange, badge, h, setAttribute, setText, svg } from './dom.js';
import { count, grade, percent, rate } from './format.js';

const WIDTH = 1100;
const NODE = { width: 210, height: 46, gap: 14 };
const COLUMNS = [20, 445, 870];
const TOP = 40;
const MOST = 40;  // routes and upstreams, the busiest; the others share a node

function limited(shown, name, others) {
  if (!shown.has(name) && shown.size >= MOST) return others;
  shown.add(name);
  return name;
}

const LOCK = 'M3 7h8v6H3zM4.5 7V5a2.5 2.5 0 0 1 5 0v2';

// Nodes and edges by key, from the page.
function graphOf(page) {
  const nodes = new Map();
  const edges = new Map();
  const add = (key, column, name, more) => {
    if (!nodes.has(key)) nodes.set(key, { key, column, name, rate: 0, success: null, ...more });
    return nodes.get(key);
  };
  const connect = (from, to, traffic, more) => {
    const key = `${from}→${to}`;
    const edge = edges.get(key) ?? { key, from, to, rate: 0, failed: 0, ...more };
    edge.rate += traffic.per_second;
    edge.failed += traffic.server_errors_per_second ?? 0;
    edges.set(key, edge);
  };
  for (const listener of page.listeners) {
    add(`l/${listener.name}`, 0, listener.name, { kind: 'listener', rate: listener.now.per_second, success: listener.now.success,
      secure: listener.mutual_tls ? 'mutual TLS' : listener.tls ? 'TLS' : '', note: listener.address });
  }
  const upstreams = new Map(page.upstreams.map((upstream) => [upstream.name, upstream]));
  const shown = { routes: new Set(), upstreams: new Set() };
  for (const edge of page.edges) {
    const upstream = upstreams.get(edge.to);
    const out = upstream.ejected + upstream.unhealthy;
    const to = limited(shown.upstreams, edge.to, 'other upstreams');
    if (to === edge.to) {
      add(`u/${to}`, 2, to, { kind: 'upstream', rate: upstream.now.per_second, success: upstream.now.success,
        secure: upstream.mutual_tls ? 'mutual TLS' : upstream.tls ? 'TLS' : '', note: out > 0 ? `${count(out)} out of use` : '' });
    } else {
      add(`u/${to}`, 2, to, { kind: 'upstream' }).rate += edge.now.per_second;
    }
    const name = limited(shown.routes, edge.route || 'connections', 'other routes');
    const route = add(`r/${name}`, 1, name, { kind: 'route' });
    route.rate += edge.mirror ? 0 : edge.now.per_second;
    route.failed = (route.failed ?? 0) + edge.now.server_errors_per_second;
    route.success = route.rate > 0 ? 1 - route.failed / route.rate : null;
    if (!edge.mirror) connect(`l/${edge.from}`, route.key, edge.now);
    connect(route.key, `u/${to}`, edge.now, { mirror: edge.mirror });
  }
  for (const denied of page.denied) {
    const name = denied.filter || denied.reason;
    const node = add(`d/${name}/${denied.reason}`, 1, name, { kind: 'denied', note: `${denied.reason}, ${denied.status}`, total: 0 });
    node.rate += denied.per_second;
    node.total += denied.total;
    connect(`l/${denied.from}`, node.key, denied, { denied: true });
  }
  return { nodes, edges };
}

// Places the nodes of each column from top to bottom: upstreams and routes beside those to which they are connected.
function place({ nodes, edges }) {
  const columns = [[], [], []];
  for (const node of nodes.values()) columns[node.column].push(node);
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = TOP + tallest * (NODE.height + NODE.gap);
  columns.forEach((column, index) => {
    if (index > 0) {
      const rank = (node) => {
        const from = [...edges.values()].filter((edge) => edge.to === node.key).map((edge) => nodes.get(edge.from).y ?? 0);
        return from.reduce((sum, y) => sum + y, 0) / (from.length || 1);
      };
      const ranks = new Map(column.map((node) => [node, rank(node)]));
      column.sort((one, other) => (one.kind === 'denied') - (other.kind === 'denied') || ranks.get(one) - ranks.get(other) || one.name.localeCompare(other.name));
    }
    const used = column.length * (NODE.height + NODE.gap);
    const top = TOP + (height - TOP - used) / 2;
    column.forEach((node, i) => {
      node.x = COLUMNS[index];
      node.y = top + i * (NODE.height + NODE.gap) + NODE.height / 2;
    });
  });
  return height;
}

function short(text, most = 24) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

const textOf = (node) => `${node.kind} ${node.name}: ${rate(node.rate)} per second${node.success === null ? '' : `, ${percent(node.success)} success`}${node.secure ? `, ${node.secure}` : ''}${node.note ? `, ${node.note}` : ''}`;

// The edges that lead to the node, and those that lead on from it.
function pathThrough(node, edges) {
  const path = new Set();
  const walk = (from, to) => {
    for (let reached = new Set([node]); reached.size > 0;) {
      const next = edges.filter((edge) => reached.has(edge[from]));
      next.forEach((edge) => path.add(edge.key));
      reached = new Set(next.map((edge) => edge[to]));
    }
  };
  walk('from', 'to');
  walk('to', 'from');
  return path;
}

function numbersOf(node) {
  if (node.kind === 'denied') return `${rate(node.rate)}/s, ${count(node.total)} in all`;
  const success = node.success === null ? '' : `, ${percent(node.success)}`;
  return `${rate(node.rate)}/s${success}${node.note && node.kind === 'upstream' ? `, ${node.note}` : ''}`;
}

export function map(frame) {
  const lines = svg('g');
  const boxes = svg('g');
  const heads = ['Listeners', 'Routes, and who was denied', 'Upstreams'].map((text, i) => svg('text', { x: COLUMNS[i], y: 20, class: 'column-head' }, text));
  const drawing = svg('svg', { class: 'map', role: 'group', 'aria-label': 'Map of services' }, lines, boxes, ...heads);
  const details = h('p', { class: 'muted', role: 'status' }, 'Choose a node to see its edges.');
  const table = h('tbody');
  const note = h('p', { class: 'muted small' });
  const peers = new Table({ caption: 'Peers', key: (row) => row.peer + row.direction + row.result, columns: [
    { id: 'peer', label: 'Peer', head: true, cell: (row) => row.peer || 'any identity' },
    { id: 'direction', label: 'Direction', cell: (row) => row.direction === 'inbound' ? 'calls this node' : 'is called by this node' },
    { id: 'result', label: 'Handshakes', signature: (row) => row.result, cell: (row) => row.result === 'ok' ? badge('good', 'accepted') : badge('bad', 'failed') },
    { id: 'count', label: 'Since start', number: true, cell: (row) => count(row.count) },
  ] });
  const peerCard = h('section', { class: 'card', hidden: true }, h('div', { class: 'card-head' }, h('h2', {}, 'Peers by mutual TLS')), peers.element);
  const kept = new Map();
  let chosen = '';
  let latest = null;

  function keep(key, make) {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
  }

  function choose(key) {
    chosen = chosen === key ? '' : key;
    draw();
  }

  function nodeOf(node) {
    const made = keep(node.key, () => {
      const parts = { rect: svg('rect', { width: NODE.width, height: NODE.height, rx: 9 }), name: svg('text', { x: 14, y: 20, class: 'node-name' }),
        numbers: svg('text', { x: 14, y: 36, class: 'node-note' }), lock: svg('path', { d: LOCK, class: 'node-lock', transform: `translate(${NODE.width - 26} 9)` }) };
      const element = svg('g', { class: `node ${node.kind}`, tabindex: '0', role: 'button', onclick: () => choose(node.key),
        onkeydown: (event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          choose(node.key);
        } }, parts.rect, parts.name, ' ', parts.numbers, parts.lock);
      return { element, ...parts };
    });
    setAttribute(made.element, 'transform', `translate(${node.x} ${node.y - NODE.height / 2})`);
    setAttribute(made.element, 'aria-pressed', String(chosen === node.key));
    setAttribute(made.element, 'data-state', node.kind === 'denied' ? 'bad' : node.rate > 0 ? grade(node.success) : 'idle');
    setText(made.name, short(node.name));
    setText(made.numbers, numbersOf(node));
    setAttribute(made.element, 'aria-label', `${short(node.name)} ${numbersOf(node)}: ${node.kind}${node.secure ? `, ${node.secure}` : ''}${node.note ? `, ${node.note}` : ''}`);
    made.lock.setAttribute('visibility', node.secure ? 'visible' : 'hidden');
    setAttribute(made.lock, 'class', `node-lock ${node.secure === 'mutual TLS' ? 'mutual' : ''}`);
    return made.element;
  }

  function edgeOf(edge, { nodes }, most, path) {
    const made = keep(edge.key, () => ({ path: svg('path', { class: 'edge' }) }));
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    const [x1, x2] = [from.x + NODE.width, to.x];
    const middle = (x1 + x2) / 2;
    const success = edge.rate > 0 ? 1 - edge.failed / edge.rate : null;
    setAttribute(made.path, 'd', `M${x1} ${from.y.toFixed(1)}C${middle} ${from.y.toFixed(1)} ${middle} ${to.y.toFixed(1)} ${x2} ${to.y.toFixed(1)}`);
    setAttribute(made.path, 'stroke-width', (edge.rate > 0 ? 1.5 + 9 * Math.sqrt(edge.rate / most) : 1).toFixed(1));
    setAttribute(made.path, 'data-state', edge.denied ? 'denied' : edge.rate > 0 ? grade(success) : 'idle');
    const related = chosen === '' || path.has(edge.key);
    setAttribute(made.path, 'class', `edge${edge.mirror ? ' mirror' : ''}${related ? '' : ' faded'}${edge.rate > 0 ? ' flows' : ''}`);
    return made.path;
  }

  function rowOf(edge, { nodes }) {
    const success = edge.rate > 0 ? 1 - edge.failed / edge.rate : null;
    return h('tr', {}, h('th', { scope: 'row' }, nodes.get(edge.from).name), h('td', {}, nodes.get(edge.to).name), h('td', { class: 'number' }, rate(edge.rate)),
      h('td', {}, edge.denied ? badge('bad', `denied: ${nodes.get(edge.to).note}`) : badge(edge.rate > 0 ? grade(success) : 'idle', edge.rate > 0 ? percent(success) : 'idle')));
  }

  function draw() {
    if (!latest) return;
    const graph = graphOf(latest);
    const height = place(graph);
    const edges = [...graph.edges.values()];
    const most = Math.max(1e-9, ...edges.map((edge) => edge.rate));
    setAttribute(drawing, 'viewBox', `0 0 ${WIDTH} ${Math.max(160, height)}`);
    const path = pathThrough(chosen, edges);
    arrange(lines, edges.map((edge) => edgeOf(edge, graph, most, path)));
    arrange(boxes, [...graph.nodes.values()].map(nodeOf));
    table.replaceChildren(...edges.sort((one, other) => other.rate - one.rate).slice(0, 100).map((edge) => rowOf(edge, graph)));
    const node = graph.nodes.get(chosen);
    setText(details, node ? textOf(node) : 'Choose a node to see its edges.');
    setText(note, latest.omitted > 0 ? `${count(latest.omitted)} edges with little traffic are not shown.` : '');
  }

  const stream = frame.follow('/edges', (page) => {
    latest = page;
    draw();
    peerCard.hidden = page.mutual_tls_handshakes.length === 0;
    peers.update(page.mutual_tls_handshakes);
  });

  return {
    elements: [
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Services'), details),
        h('div', { class: 'map-frame', tabindex: '0', role: 'region', 'aria-label': 'Drawing of the map' }, drawing),
        h('ul', { class: 'legend' }, [['good', 'at least 99.9 % success'], ['warn', 'at least 99 %'], ['bad', 'less'], ['denied', 'denied'], ['idle', 'no traffic']]
          .map(([kind, text]) => h('li', {}, h('span', { class: `swatch line-swatch ${kind}`, 'aria-hidden': 'true' }), text)),
          h('li', {}, svg('svg', { viewBox: '0 0 14 16', class: 'mini-lock', 'aria-hidden': 'true' }, svg('path', { d: LOCK, class: 'node-lock mutual' })), 'mutual TLS')), note),
      peerCard,
      h('details', { class: 'card' }, h('summary', {}, 'The map as a table'),
        h('table', {}, h('caption', { class: 'visually-hidden' }, 'Edges'), h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'From'), h('th', { scope: 'col' }, 'To'), h('th', { scope: 'col', class: 'number' }, 'Per second'), h('th', { scope: 'col' }, 'Success'))), table)),
    ],
    close: () => stream.close(),
  };
}
