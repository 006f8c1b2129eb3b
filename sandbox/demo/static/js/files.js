/** Attachments: pictures stand in the message, text files open in place. */

import { el } from './dom.js';

const PREVIEW_LINES = 8;
const STEP_LINES = 500;

/** @param {{name: string, size: number, url: string, image: boolean, about: string}} item */
export function file(item) {
  if (item.image) return el('img', { class: 'picture', src: item.url, alt: item.about || item.name, loading: 'lazy' });
  const box = el('div', { class: 'file', role: 'group', data: { testid: 'file' }, 'aria-label': `File ${item.name}` });
  const code = el('code');
  const more = el('button', { type: 'button', class: 'plain', text: 'Show more' });
  const toggle = el('button', { type: 'button', class: 'plain', 'aria-expanded': 'false', text: 'Open' });
  box.append(
    el('header', {}, el('span', { class: 'file-name', dir: 'auto', text: item.name }), el('span', { class: 'dim', text: size(item.size) }),
      toggle, el('a', { class: 'plain', href: item.url, download: item.name, text: 'Save' })),
    el('pre', { class: 'block', role: 'group', tabindex: '0', 'aria-label': `Text of ${item.name}` }, code), more);
  let lines = null;
  let shown = 0;
  const show = (until) => {
    const fresh = lines.slice(shown, until).map((line) => el('span', { class: 'line', dir: 'ltr', text: line || '\u200b' }));
    code.append(...fresh);
    shown = Math.min(until, lines.length);
    more.hidden = shown >= lines.length || toggle.getAttribute('aria-expanded') === 'false';
    more.textContent = `Show more (${(lines.length - shown).toLocaleString()} lines left)`;
  };
  const open = async (until) => {
    lines ??= await fetchLines(item.url);
    show(until);
  };
  more.hidden = true;
  more.addEventListener('click', () => show(shown + STEP_LINES));
  toggle.addEventListener('click', () => {
    const isOpen = toggle.getAttribute('aria-expanded') === 'true';
    toggle.setAttribute('aria-expanded', String(!isOpen));
    toggle.textContent = isOpen ? 'Open' : 'Close';
    box.classList.toggle('open', !isOpen);
    if (!isOpen) open(Math.max(shown, STEP_LINES));
    else more.hidden = true;
  });
  open(PREVIEW_LINES);
  return box;
}

async function fetchLines(address) {
  const answer = await fetch(address);
  if (!answer.ok) return ['This file is gone.'];
  return (await answer.text()).replace(/\n$/, '').split('\n');
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
