/** Times as people read them, in the visitor's own language and zone. */

const SHAPES = {
  t: { timeStyle: 'short' }, T: { timeStyle: 'medium' }, d: { dateStyle: 'short' }, D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' }, F: { dateStyle: 'full', timeStyle: 'short' },
};
const STEPS = [[60, 'second'], [60, 'minute'], [24, 'hour'], [30, 'day'], [12, 'month'], [Infinity, 'year']];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Hours and minutes of a time in ms. */
export const hours = (ms) => clock.format(ms);
/** The same with seconds. */
export const seconds = (ms) => exact.format(ms);

/** `<t:unix:style>` as text. */
export function stamp(unix, style = 'f') {
  const ms = Number(unix) * 1000;
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return `<t:${unix}>`;
  return style === 'R' ? ago(ms) : new Intl.DateTimeFormat(undefined, SHAPES[style] ?? SHAPES.f).format(ms);
}

const day = (ms) => new Date(ms).toDateString();

/** Whether a time in ms is of this day. */
export const isToday = (ms) => day(ms) === day(Date.now());

/** A time in ms as Discord writes it under an embed: by name where the day is today or yesterday. */
export function calendar(ms) {
  if (!Number.isFinite(ms)) return '';
  if (isToday(ms)) return `Today at ${hours(ms)}`;
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  if (day(ms) === day(yesterday)) return `Yesterday at ${hours(ms)}`;
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' }).format(ms);
}

/** How far from now: "2 minutes ago". */
export function ago(ms) {
  let distance = (ms - Date.now()) / 1000;
  for (const [size, unit] of STEPS) {
    if (Math.abs(distance) < size) return relative.format(Math.round(distance), unit);
    distance /= size;
  }
  return '';
}

setInterval(() => {
  for (const node of document.querySelectorAll('time[data-ago]')) node.textContent = ago(Number(node.dataset.ago) * 1000);
}, 5000);
