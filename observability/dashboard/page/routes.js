// Routes as a flow: listener, filters, route, upstreams, with the traffic on each arrow.

import { Pager, arrange, badge, h, icon, setText } from './dom.js';
import { duration, grade, percent, rate } from './format.js';

// An arrow whose thickness shows the rate, and its colour the success.
class Arrow {
  constructor() {
    this.label = h('span', { class: 'label' });
    this.shaft = h('span', { class: 'shaft', 'aria-hidden': 'true' });
    this.element = h('span', { class: 'arrow' }, this.label, this.shaft);
  }

  show(text, perSecond, most, success) {
    setText(this.label, text);
    this.element.dataset.state = perSecond > 0 ? grade(success) : 'idle';
    this.shaft.style.setProperty('--thickness', `${(perSecond > 0 ? 2 + 8 * Math.sqrt(perSecond / most) : 1).toFixed(1)}px`);
  }
}

// One route. Its parts are written again only if the configuration has changed.
class Lane {
  constructor(row) {
    this.sign = Lane.signOf(row);
    this.arrows = [new Arrow(), new Arrow(), new Arrow()];
    this.listeners = h('div', { class: 'stop listeners' });
    this.numbers = h('span', { class: 'muted small' });
    this.targets = row.targets.map((target) => this.targetOf(target));
    const reply = h('div', { class: 'box' }, h('strong', {}, row.action), h('span', { class: 'muted small' }, 'by weir itself'));
    const filters = row.filters.length > 0 ? h('ol', { class: 'chips' }, row.filters.map((name) => h('li', {}, name))) : h('span', { class: 'muted small' }, 'no filters');
    const end = row.targets.length > 0 ? this.targets.map((each) => each.element) : h('div', { class: 'target' }, this.arrows[2].element, reply);
    this.element = h('li', { class: 'lane', dataset: { route: row.name } },
      this.listeners, this.arrows[0].element,
      h('div', { class: 'stop filters' }, filters), this.arrows[1].element,
      h('div', { class: 'stop box route' }, h('h3', {}, row.name), h('span', { class: 'muted mono small' }, row.match), this.numbers),
      h('div', { class: 'stop targets' }, end));
  }

  static signOf(row) {
    return JSON.stringify([row.match, row.action, row.filters, row.targets.map((target) => [target.upstream, target.share, target.mirror])]);
  }

  targetOf(target) {
    const arrow = new Arrow();
    const numbers = h('span', { class: 'muted small' });
    const notes = [target.mirror ? 'mirror' : '', target.share < 1 ? `${percent(target.share)}` : ''].filter(Boolean).join(', ');
    const box = h('div', { class: 'box' }, h('a', { href: `#/upstreams/${encodeURIComponent(target.upstream)}` }, target.upstream), notes ? h('span', { class: 'badge idle' }, notes) : null, numbers);
    return { arrow, numbers, element: h('div', { class: 'target' }, arrow.element, box) };
  }

  show(row, most) {
    const now = row.now;
    this.listeners.replaceChildren(...(row.arrivals.length > 0
      ? row.arrivals.map((arrival) => h('span', { class: 'box slim' }, arrival.listener, h('span', { class: 'muted small' }, `${rate(arrival.per_second)}/s`)))
      : [h('span', { class: 'box slim quiet' }, 'no traffic')]));
    const text = `${rate(now.per_second)}/s`;
    this.arrows[0].show(text, now.per_second, most, now.success);
    this.arrows[1].show(now.client_errors_per_second > 0 ? `${rate(now.client_errors_per_second)}/s 4xx` : text, now.per_second, most, now.success);
    this.arrows[2].show(text, now.per_second, most, now.success);
    setText(this.numbers, `${percent(now.success)} success, p99 ${duration(now.p99_ms)}`);
    row.targets.forEach((target, i) => {
      const { arrow, numbers } = this.targets[i];
      arrow.show(`${target.exact ? '' : '≈ '}${rate(target.per_second)}/s`, target.per_second, most, target.success);
      setText(numbers, target.per_second > 0 ? `${percent(target.success)}, p99 ${duration(target.p99_ms)}` : 'idle');
    });
  }
}

function listenerItem(listener) {
  const security = listener.mutual_tls ? 'mutual TLS' : listener.tls ? 'TLS' : listener.tcp ? 'TCP' : 'plaintext';
  return h('li', { class: 'box' }, h('strong', {}, listener.name), h('span', { class: 'mono small muted' }, listener.address),
    h('span', {}, listener.tls ? icon('lock') : null, badge(listener.tls ? 'good' : 'idle', security)),
    h('span', { class: 'small' }, `${rate(listener.now.per_second)}/s, ${percent(listener.now.success)} success`),
    listener.upstream ? h('span', { class: 'small' }, 'connections go to ', h('a', { href: `#/upstreams/${encodeURIComponent(listener.upstream)}` }, listener.upstream)) : null,
    listener.filters.length > 0 ? h('span', { class: 'small muted' }, `filters: ${listener.filters.join(', ')}`) : null);
}

export function routes(frame, argument) {
  const pager = new Pager('routes', () => stream.change(path()), 20);
  const order = h('select', { 'aria-label': 'Order of routes', onchange: () => stream.change(path()) },
    [['rate', 'Busiest first'], ['errors', 'Most failures first'], ['p99', 'Slowest first'], ['file', 'As configured']].map(([value, text]) => h('option', { value }, text)));
  pager.element.prepend(order);
  const path = () => {
    const query = pager.query();
    query.set('sort', order.value);
    return `/overview/routes?${query}`;
  };
  const listeners = h('ul', { class: 'listener-list' });
  const list = h('ol', { class: 'lanes' });
  let lanes = new Map();
  if (argument) {
    pager.filter = argument;
    pager.input.value = argument;
  }

  const stream = frame.follow(path(), (page) => {
    const { rows, count } = page.routes;
    const most = Math.max(1e-9, ...rows.map((row) => row.now.per_second));
    listeners.replaceChildren(...page.listeners.map(listenerItem));
    const next = new Map();
    for (const row of rows) {
      let lane = lanes.get(row.name);
      if (lane?.sign !== Lane.signOf(row)) lane = new Lane(row);
      lane.show(row, most);
      next.set(row.name, lane);
    }
    lanes = next;
    arrange(list, [...lanes.values()].map((lane) => lane.element));
    pager.show(count, rows.length);
  });

  return {
    elements: [
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Listeners')), listeners),
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'From listeners to upstreams'), pager.element),
        h('p', { class: 'muted small legend-line' }, 'Listener → filters → route → upstream. Thickness: rate. Colour: success. ≈: derived from weights, because other routes share the upstream.'), list),
    ],
    close: () => stream.close(),
  };
}
