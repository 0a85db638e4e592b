// The frame of the dashboard: views by the part of the address behind #, facts about the process, theme.

import { h, icon, setText } from './dom.js';
import { count, duration, percent, rate } from './format.js';
import { Live, getJson } from './live.js';
import { certificates } from './certificates.js';
import { configuration } from './configuration.js';
import { map } from './map.js';
import { overview } from './overview.js';
import { routes } from './routes.js';
import { upstreams } from './upstreams.js';
import { why } from './why.js';

const VIEWS = [
  ['overview', 'Overview', overview],
  ['upstreams', 'Upstreams', upstreams],
  ['routes', 'Routes', routes],
  ['map', 'Map', map],
  ['why', 'Why', why],
  ['certificates', 'Certificates', certificates],
  ['configuration', 'Configuration', configuration],
];
const THEMES = ['system', 'light', 'dark'];

const main = document.getElementById('main');
const facts = document.getElementById('facts');
let open = null;  // the view on screen
let name = '';

// What happened lately, shared by the views; fetched when a page says that there is more.
const events = { list: [], latest: 0, busy: false };

async function followEvents(latest) {
  if (latest === events.latest || events.busy) return;
  events.busy = true;
  try {
    const page = await getJson(`/events?after=${latest < events.latest ? 0 : events.latest}`);
    const added = page.events.filter((event) => event.number > events.latest || latest < events.latest);
    if (events.latest > 0 && added.length > 0 && added.length < 4) announce(added.map((event) => `${event.subject} ${event.text}`).join('. '));
    events.list = [...(latest < events.latest ? [] : events.list), ...added].slice(-256);
    events.latest = page.latest;
  } finally {
    events.busy = false;
  }
}

function announce(text) {
  setText(document.getElementById('announcer'), text);
}

function showFacts(page) {
  const shown = [
    ['Role', page.role],
    ['Configuration', `#${page.generation}`],
    ['Requests/s', rate(page.now.per_second)],
    ['Success', percent(page.now.success)],
    ['p99', duration(page.now.p99_ms)],
    ['In flight', count(page.in_flight)],
    ['Connections', count(page.connections)],
  ];
  if (facts.children.length !== shown.length) {
    facts.replaceChildren(...shown.map(([label]) => h('div', {}, h('dt', {}, label), h('dd'))));
  }
  shown.forEach(([, text], i) => setText(facts.children[i].lastChild, text));
  document.body.classList.toggle('draining', page.draining);
  document.querySelector('.brand').title = `weir ${page.version}`;
}

// What every view gets: a stream that keeps the frame current as well.
const frame = {
  events,
  announce,
  follow(path, onData) {
    return new Live(path, (page) => {
      if (page.now) showFacts(page);
      if (page.latest_event !== undefined) followEvents(page.latest_event).catch(() => {});
      onData(page);
    });
  },
};

function show() {
  const [, wanted, ...rest] = (location.hash || '#/overview').split('/');
  const [id, title, make] = VIEWS.find(([each]) => each === wanted) ?? VIEWS[0];
  const argument = rest.map(decodeURIComponent).join('/');
  if (id === name && open.go) return open.go(argument);
  const first = name === '';
  open?.close();
  name = id;
  open = make(frame, argument);
  document.title = `${title} · weir`;
  for (const link of document.querySelectorAll('#views a')) {
    if (link.hash === `#/${id}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  main.replaceChildren(h('h1', {}, title), ...open.elements);
  main.dataset.view = id;
  if (!first) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

const STATES = { live: 'live', paused: 'paused', stale: 'waiting for data', lost: 'no connection' };

function showState() {
  const state = Live.all.size === 0 ? 'live' : Live.state();
  const status = document.getElementById('status');
  status.dataset.state = state;
  status.title = Live.trouble;
  setText(document.getElementById('status-text'), STATES[state]);
}

function setTheme(theme) {
  localStorage.setItem('theme', theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText(document.getElementById('theme'), `Theme: ${theme}`);
}

function start() {
  document.getElementById('views').append(...VIEWS.map(([id, title]) =>
    h('li', {}, h('a', { href: `#/${id}` }, icon(id), h('span', {}, title)))));
  const stored = localStorage.getItem('theme');
  setTheme(THEMES.includes(stored) ? stored : 'system');
  document.getElementById('theme').addEventListener('click', () =>
    setTheme(THEMES[(THEMES.indexOf(localStorage.getItem('theme')) + 1) % THEMES.length]));
  const pause = document.getElementById('pause');
  pause.addEventListener('click', () => {
    Live.setPaused(!Live.paused);
    pause.setAttribute('aria-pressed', String(Live.paused));
    showState();
  });
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();  // the part of the address behind # is the view
    main.focus();
  });
  addEventListener('hashchange', show);
  setInterval(showState, 500);
  show();
}

start();
