// The configuration in force, and what became of attempts to change it.

import { h, setText } from './dom.js';
import { count, date, time } from './format.js';
import { getText } from './live.js';

// The lines of TOML with their paths, such as listener[0].address.
function linesOf(toml) {
  const counts = new Map();
  let table = '';
  return toml.split('\n').map((text) => {
    const header = text.match(/^\s*\[(\[?)([^\]]+)\]/);
    if (header) {
      table = nested(header[2].trim(), counts);
      if (header[1]) {
        const index = counts.get(table) ?? 0;
        counts.set(table, index + 1);
        table += `[${index}]`;
      }
      return { text, path: table };
    }
    const key = text.match(/^\s*("[^"]*"|[\w.-]+)\s*=/);
    return { text, path: key ? [table, key[1].replaceAll('"', '')].filter(Boolean).join('.') : '' };
  });
}

// "route.retry" below the latest [[route]] is route[3].retry.
function nested(name, counts) {
  let path = '';
  const parts = name.replaceAll('"', '').split('.');
  parts.forEach((part, i) => {
    path = path ? `${path}.${part}` : part;
    const index = counts.get(path);
    if (index !== undefined && i < parts.length - 1) path += `[${index - 1}]`;
  });
  return path;
}

// The line of the longest path that contains the mistake's.
function lineOf(path, lines) {
  for (let rest = path; rest; rest = rest.replace(/(\.[^.[]*|\[\d+\])$/, '')) {
    const index = lines.findIndex((line) => line.path === rest);
    if (index >= 0) return index;
    if (!/[.[]/.test(rest)) return -1;
  }
  return -1;
}

const TOKENS = /(#.*$)|("(?:[^"\\]|\\.)*"|'[^']*')|(^\s*\[\[?[^\]]*\]\]?)|(\b(?:true|false|\d[\d._]*(?:ms|s|m|h|%)?)\b)|(^\s*[\w."-]+(?=\s*=))/g;
const CLASSES = ['comment', 'string', 'header', 'value', 'key'];

function colored(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS)) {
    parts.push(text.slice(at, match.index));
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)];
    parts.push(h('span', { class: `toml-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts.filter((part) => part !== '');
}

function mistakeItem(mistake) {
  return h('li', {}, h('span', { class: 'mono' }, `${mistake.file}${mistake.line ? `:${mistake.line}:${mistake.column}` : ''}`), ` ${mistake.path ? `${mistake.path}: ` : ''}${mistake.what}`,
    mistake.suggestion ? h('span', {}, ', did you mean ', h('code', {}, mistake.suggestion), '?') : null);
}

function reloadItem(event) {
  return h('li', { class: `event ${event.severity}` }, h('span', { class: 'marker', 'aria-hidden': 'true' }), h('div', {},
    h('p', {}, event.text, event.kind === 'reload' ? ` (#${event.generation})` : ''),
    h('p', { class: 'muted small' }, h('time', { datetime: new Date(event.at).toISOString(), title: date(event.at) }, time(event.at))),
    event.mistakes ? h('ul', { class: 'mistakes' }, event.mistakes.map(mistakeItem)) : null,
    event.notes ? h('ul', { class: 'mistakes' }, event.notes.map((note) => h('li', {}, note))) : null));
}

export function configuration(frame) {
  const code = h('ol', { class: 'code' });
  const history = h('ul', { class: 'events' });
  const search = h('input', { type: 'search', placeholder: 'Find in the configuration', 'aria-label': 'Find in the configuration', oninput: () => mark() });
  const found = h('span', { class: 'muted', role: 'status' });
  const banner = h('p', { class: 'banner bad', role: 'alert', hidden: true });
  let lines = [];
  let shown = null;
  let generation = null;

  function mark() {
    const wanted = search.value.toLowerCase();
    let hits = 0;
    [...code.children].forEach((item, i) => {
      const hit = wanted !== '' && lines[i].text.toLowerCase().includes(wanted);
      item.classList.toggle('hit', hit);
      if (hit && ++hits === 1) item.scrollIntoView({ block: 'center' });
    });
    setText(found, wanted ? `${count(hits)} lines` : '');
  }

  // The mistakes of the latest attempt, if it was rejected.
  function mistakesNow() {
    const latest = frame.events.list.filter((event) => event.kind === 'reload').at(-1);
    return latest?.mistakes ?? [];
  }

  function write() {
    const byLine = Map.groupBy(mistakesNow(), (mistake) => lineOf(mistake.path, lines));
    code.replaceChildren(...lines.map((line, i) => h('li', { class: byLine.has(i) ? 'wrong' : undefined }, h('code', {}, colored(line.text)),
      (byLine.get(i) ?? []).map((mistake) => h('span', { class: 'remark' }, `${mistake.file.split('/').at(-1)}:${mistake.line}: ${mistake.path}: ${mistake.what}`)))));
    const mistakes = mistakesNow();
    banner.hidden = mistakes.length === 0;
    setText(banner, mistakes.length === 0 ? '' : `The latest change was rejected for ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}; this configuration is still in force.`);
  }

  async function refresh(page) {
    if (generation !== page.generation) {
      generation = page.generation;
      lines = linesOf((await getText('/config')).trimEnd());
      shown = null;
    }
    if (shown === frame.events.latest) return;
    shown = frame.events.latest;
    write();
    const events = frame.events.list.filter((event) => event.kind === 'reload' || event.kind === 'certificate').reverse();
    history.replaceChildren(...(events.length > 0 ? events.map(reloadItem) : [h('li', { class: 'muted' }, 'No reload since the start.')]));
  }

  const stream = frame.follow('/overview?limit=0', (page) => refresh(page).catch((error) => {
    generation = null;
    setText(found, error.message);
  }));

  return {
    elements: [banner, h('div', { class: 'columns wide-left' },
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'In force'), h('div', { class: 'tools' }, search, found)),
        h('p', { class: 'muted small' }, 'With defaults, without secrets.'),
        h('div', { class: 'code-frame', tabindex: '0', role: 'region', 'aria-label': 'The configuration in force' }, code)),
      h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Reloads')), history))],
    close: () => stream.close(),
  };
}
