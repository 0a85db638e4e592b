// Certificates in use, the one that expires first at the top.

import { Table, badge, h, meter } from './dom.js';
import { date, none, span } from './format.js';
import { getJson } from './live.js';

const DAY = 86_400_000;
const REFRESH_MS = 10_000;

function kindOf(certificate, now) {
  const left = certificate.not_after - now;
  const life = certificate.not_after - certificate.not_before;
  if (left <= 0 || certificate.not_before > now) return 'bad';
  return left < Math.min(14 * DAY, life / 5) ? 'warn' : 'good';
}

function expiryOf(certificate, now) {
  const seconds = (certificate.not_after - now) / 1000;
  if (certificate.not_before > now) return 'not valid yet';
  return seconds <= 0 ? `expired ${span(seconds)} ago` : `in ${span(seconds)}`;
}

const list = (items) => h('span', { class: 'stack' }, items.slice(0, 4).map((item) => h('span', {}, item)), items.length > 4 ? h('span', { class: 'muted small' }, `and ${items.length - 4} more`) : null);

export function certificates(frame) {
  let now = Date.now();
  let timer = null;
  const table = new Table({ caption: 'Certificates', empty: 'No certificates are in use: every listener and upstream is plaintext.', key: (row) => row.source + row.not_before,
    columns: [
      { id: 'subject', label: 'Certificate', head: true, signature: (row) => row.subject + row.identity, cell: (row) => h('span', { class: 'stack' },
        h('span', {}, row.identity || row.names[0] || row.subject), h('span', { class: 'muted small' }, row.subject), h('span', { class: 'muted small' }, `issued by ${row.issuer}`)) },
      { id: 'expires', label: 'Expires', signature: (row) => expiryOf(row, now), cell: (row) => h('span', { class: 'stack' },
        badge(kindOf(row, now), expiryOf(row, now)), h('span', { class: 'muted small' }, date(row.not_after))) },
      { id: 'life', label: 'Lifetime used', signature: (row) => String(now),
        cell: (row) => {
          const used = Math.max(0, Math.min(1, (now - row.not_before) / (row.not_after - row.not_before)));
          return meter(`${Math.floor(used * 100)} %`, used, kindOf(row, now));
        } },
      { id: 'names', label: 'Names', signature: (row) => row.names.join(), cell: (row) => row.names.length > 0 ? list(row.names) : none },
      { id: 'used', label: 'Used by', signature: (row) => row.used_by.join(), cell: (row) => list(row.used_by) },
      { id: 'key', label: 'Key', cell: (row) => row.key_type },
      { id: 'source', label: 'Source', class: 'mono small', cell: (row) => row.source },
    ] });
  const failure = h('p', { class: 'bad-text', role: 'alert', hidden: true });

  async function refresh() {
    try {
      const page = await getJson('/certificates');
      now = Date.now();
      table.update(page.certificates.sort((one, other) => one.not_after - other.not_after));
      failure.hidden = true;
    } catch (error) {
      failure.textContent = error.message;
      failure.hidden = false;
    }
    if (timer !== false) timer = setTimeout(refresh, REFRESH_MS);
  }
  refresh();
  const stream = frame.follow('/overview?limit=0', () => {});

  return {
    elements: [h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'In use')), failure, table.element)],
    close() {
      clearTimeout(timer);
      timer = false;
      stream.close();
    },
  };
}
