// Requests to the admin pages. Streams of events are read with fetch(), because EventSource can send no token.

const RETRY_MS = 1000;
const STALE_MS = 3500;

let token = sessionStorage.getItem('token') ?? '';
let asking = null;

function headers(extra) {
  return token ? { ...extra, authorization: `Bearer ${token}` } : { ...extra };
}

// Asks once, whatever the number of pages that need the token. False if there is none.
export function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById('sign-in');
    const input = document.getElementById('token');
    input.value = '';
    dialog.addEventListener('close', () => {
      const given = dialog.returnValue === 'use' && input.value !== '';
      if (given) {
        token = input.value;
        sessionStorage.setItem('token', token);
      }
      input.value = '';
      asking = null;
      resolve(given);
    }, { once: true });
    dialog.returnValue = '';
    dialog.showModal();
  });
  return asking;
}

export class PageError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function failureOf(answer) {
  const text = await answer.text();
  try {
    return new PageError(answer.status, JSON.parse(text).detail ?? text);
  } catch {
    return new PageError(answer.status, text || answer.statusText);
  }
}

// `quiet`: for requests that nobody asked for, which do not ask for a token.
async function request(path, { quiet, ...options } = {}) {
  const answer = await fetch(path, { ...options, headers: headers(options.headers), cache: 'no-store' });
  if (answer.status === 401 && !quiet && await askForToken()) return request(path, options);
  if (!answer.ok) throw await failureOf(answer);
  return answer;
}

export const getJson = async (path, options) =>
  (await request(path, { ...options, headers: { accept: 'application/json' } })).json();
export const getText = async (path) => (await request(path)).text();

// The pieces of a stream, cut at `separator`.
async function* pieces(body, separator) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(separator);
    rest = parts.pop();
    yield* parts;
  }
}

// The data of each event of a stream.
export async function* events(path, options) {
  const answer = await request(path, { ...options, headers: { accept: 'text/event-stream' } });
  for await (const event of pieces(answer.body, '\n\n')) yield dataOf(event);
}

const dataOf = (event) => event.split('\n').filter((line) => line.startsWith('data:'))
  .map((line) => line.slice(5).trimStart()).join('\n');

// Each change of a page, until it is closed. Nothing is requested while the page cannot be seen or is paused, so
// that weir then computes nothing.
export class Live {
  constructor(path, onData) {
    Object.assign(this, { path, onData, closed: false });
    Live.all.add(this);
    this.run();
  }

  static all = new Set();
  static paused = false;
  static heard = 0;
  static trouble = '';

  static setPaused(paused) {
    Live.paused = paused;
    Live.wake();
  }

  static wake() {
    for (const live of Live.all) {
      if (Live.silent()) live.abort?.abort();
      else live.resume?.();
    }
  }

  static silent() {
    return Live.paused || document.hidden;
  }

  // "live", "paused", "stale" or "lost".
  static state() {
    if (Live.silent()) return 'paused';
    if (Live.trouble) return 'lost';
    return Date.now() - Live.heard > STALE_MS ? 'stale' : 'live';
  }

  change(path) {
    if (path === this.path) return;
    this.path = path;
    this.quick = true;
    this.abort?.abort();
  }

  close() {
    this.closed = true;
    Live.all.delete(this);
    this.abort?.abort();
    this.resume?.();
  }

  async run() {
    while (!this.closed) {
      if (Live.silent()) await new Promise((resolve) => { this.resume = resolve; });
      else await this.read();
      if (this.closed) return;
      if (!this.quick) await this.pause();
      this.quick = false;
    }
  }

  pause() {
    return new Promise((resolve) => {
      this.resume = resolve;
      setTimeout(resolve, Live.silent() ? 0 : RETRY_MS);
    });
  }

  async read() {
    this.abort = new AbortController();
    try {
      for await (const data of events(this.path, { signal: this.abort.signal })) {
        Live.heard = Date.now();
        Live.trouble = '';
        if (data && !this.closed) this.onData(JSON.parse(data));
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      Live.trouble = error.message || 'no connection';
    }
  }
}

document.addEventListener('visibilitychange', () => Live.wake());
