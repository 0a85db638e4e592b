// Elements, and tables that change in place so that focus and selection stay.

const SVG = 'http://www.w3.org/2000/svg';

function apply(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
}

function build(element, attributes, children) {
  apply(element, attributes ?? {});
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// Puts the children into this order without moving those that are in place.
export function arrange(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

const ICONS = {
  overview: 'M4 13h4l2-7 4 12 2-5h4',
  upstreams: 'M5 5h14v5H5zM5 14h14v5H5zM8 7.5h.01M8 16.5h.01',
  routes: 'M5 6h5c4 0 4 12 9 12M5 18h4M16 15l3 3-3 3M14 6h5',
  map: 'M6 7a2 2 0 1 0 0-.01M18 12a2 2 0 1 0 0-.01M6 17a2 2 0 1 0 0-.01M8 7.6l8 3.6M8 16.4l8-3.6',
  why: 'M9 9a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 2.3M12 17.5v.01M12 3a9 9 0 1 0 .01 0',
  certificates: 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4',
  configuration: 'M5 7h9M18 7h1M5 12h3M12 12h7M5 17h7M16 17h3M14 5v4M8 10v4M12 15v4',
  lock: 'M7 11h10v8H7zM9 11V8a3 3 0 0 1 6 0v3',
  denied: 'M12 4a8 8 0 1 0 .01 0M6.5 6.5l11 11',
};

export const icon = (name) =>
  svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));

export const badge = (kind, text) => h('span', { class: `badge ${kind}` }, text);

// A bar behind a number, for comparing rows.
export function meter(text, share, kind = '') {
  const fill = h('span', { class: `fill ${kind}` });
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return h('span', { class: 'meter' }, h('span', { class: 'track', 'aria-hidden': 'true' }, fill), h('span', {}, text));
}

// columns: {id, label, number, sort, hint, cell(row): text or node, signature(row)}. A cell is written again
// when its text or signature has changed.
export class Table {
  constructor({ caption, columns, key, sort, onSort, onOpen, empty = 'Nothing to show.' }) {
    Object.assign(this, { columns, key, sort, onSort, onOpen, empty, rows: new Map() });
    this.head = h('tr');
    this.body = h('tbody');
    for (const column of columns) this.head.append(this.headOf(column));
    this.element = h('div', { class: 'table-frame', tabindex: '0', role: 'region', 'aria-label': caption },
      h('table', {}, h('caption', { class: 'visually-hidden' }, caption), h('thead', {}, this.head), this.body));
    this.showSort();
  }

  headOf(column) {
    const cell = h('th', { scope: 'col', class: column.number ? 'number' : '', title: column.hint });
    if (!column.sort) cell.append(column.label);
    else {
      cell.append(h('button', { type: 'button', class: 'sort', onclick: () => this.sortBy(column.sort) }, column.label));
      cell.dataset.sort = column.sort;
    }
    return cell;
  }

  sortBy(sort) {
    this.sort = sort;
    this.showSort();
    this.onSort(sort);
  }

  showSort() {
    for (const cell of this.head.children) {
      if (!cell.dataset.sort) continue;
      const active = cell.dataset.sort === this.sort;
      const order = this.sort === 'name' ? 'ascending' : 'descending';
      if (active) cell.setAttribute('aria-sort', order);
      else cell.removeAttribute('aria-sort');
    }
  }

  update(rows, selected) {
    const seen = new Map();
    for (const row of rows) {
      const key = this.key(row);
      const kept = this.rows.get(key) ?? this.make();
      kept.row = row;
      this.write(kept, row, key === selected);
      seen.set(key, kept);
    }
    this.rows = seen;
    if (rows.length > 0) return arrange(this.body, [...seen.values()].map((kept) => kept.element));
    const cell = h('td', { colspan: String(this.columns.length), class: 'empty' }, this.empty);
    this.body.replaceChildren(h('tr', {}, cell));
  }

  make() {
    const kept = { element: h('tr'), cells: [], signs: [] };
    for (const column of this.columns) {
      const cell = h(column.head ? 'th' : 'td', { class: [column.number ? 'number' : '', column.class ?? ''].join(' ').trim() || undefined,
        scope: column.head ? 'row' : undefined });
      kept.cells.push(cell);
      kept.element.append(cell);
    }
    if (this.onOpen) {
      kept.element.classList.add('opens');
      kept.element.addEventListener('click', (event) => {
        if (!event.target.closest('a,button')) this.onOpen(kept.row);
      });
    }
    return kept;
  }

  write(kept, row, selected) {
    kept.element.classList.toggle('selected', selected);
    this.columns.forEach((column, index) => {
      const sign = column.signature?.(row);
      if (sign !== undefined && kept.signs[index] === sign) return;
      const content = column.cell(row);
      kept.signs[index] = sign ?? (typeof content === 'string' ? content : undefined);
      if (typeof content === 'string') setText(kept.cells[index], content);
      else kept.cells[index].replaceChildren(content);
    });
  }
}

// Filter and pages of a table whose rows the server selects.
export class Pager {
  constructor(label, onChange, limit = 25) {
    this.limit = limit;
    this.offset = 0;
    this.filter = '';
    const change = () => onChange();
    this.input = h('input', { type: 'search', placeholder: 'Filter by name', 'aria-label': `Filter ${label}`, oninput: () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.filter = this.input.value;
        this.offset = 0;
        change();
      }, 150);
    } });
    this.text = h('span', { class: 'muted', role: 'status' });
    this.previous = h('button', { type: 'button', class: 'ghost small', onclick: () => this.move(-1, change) }, 'Previous');
    this.next = h('button', { type: 'button', class: 'ghost small', onclick: () => this.move(1, change) }, 'Next');
    this.buttons = h('span', { class: 'pager' }, this.previous, this.next);
    this.element = h('div', { class: 'tools' }, this.input, this.text, this.buttons);
  }

  move(by, change) {
    this.offset = Math.max(0, this.offset + by * this.limit);
    change();
  }

  query() {
    const query = new URLSearchParams({ offset: String(this.offset), limit: String(this.limit) });
    if (this.filter) query.set('filter', this.filter);
    return query;
  }

  show(count, shown) {
    const last = this.offset + shown;
    setText(this.text, count === 0 ? 'none' : shown === count ? `${count}` : `${this.offset + 1} to ${last} of ${count}`);
    this.previous.disabled = this.offset === 0;
    this.next.disabled = last >= count;
    this.buttons.hidden = count <= this.limit && this.offset === 0;
  }
}
