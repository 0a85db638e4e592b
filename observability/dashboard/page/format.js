// Numbers and times for people.

const group = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const none = '–';

export const count = (value) => group.format(value);

export function rate(value) {
  if (!value) return '0';
  if (value < 0.1) return '< 0.1';
  if (value < 10) return value.toFixed(1);
  if (value < 10_000) return group.format(value);
  return value < 1_000_000 ? `${(value / 1000).toFixed(1)}k` : `${(value / 1e6).toFixed(2)}M`;
}

// Never 100 % while something failed.
export function percent(share) {
  if (share === null || share === undefined) return none;
  if (share >= 1) return '100 %';
  const floor = Math.floor(share * 10_000) / 100;
  return `${floor.toFixed(floor >= 10 && floor < 99 ? 1 : 2)} %`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return none;
  if (ms === 0) return '0';
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export const time = (ms) => clock.format(ms);
export const date = (ms) => calendar.format(ms);

const SPANS = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];

export function span(seconds) {
  const value = Math.abs(seconds);
  for (const [size, unit] of SPANS) {
    if (value >= size) return `${Math.floor(value / size)} ${unit}`;
  }
  return '0 s';
}

export function ago(ms, now) {
  const seconds = (now - ms) / 1000;
  return seconds < 1 ? 'now' : `${span(seconds)} ago`;
}

// The class of a share of successes: text and symbols beside it say the same.
export function grade(success) {
  if (success === null || success === undefined) return 'idle';
  if (success >= 0.999) return 'good';
  return success >= 0.99 ? 'warn' : 'bad';
}
