/** The message list of the open channel: keeps no more than a window of it on the page, and draws once a frame. */

import { announce } from './announce.js';
import { batched, byId, el } from './dom.js';
import { continues, messageNode } from './message.js';
import { ask } from './socket.js';
import { channelNamed, me, state } from './state.js';

/** Messages on the page at most while one looks at the newest; who reads back sees more. */
const WINDOW = 150;
const WINDOW_BACK = 500;
const NEAR = 80;

/** @type {Map<string, any>} in order of age */
let messages = new Map();
/** @type {Map<string, {node: HTMLElement, message: any, compact: boolean}>} */
const drawn = new Map();
let notices = [];
let follow = true;
let inserting = false;
let list, top, log, jump;

/** Finds its places on the page. */
export function initMessages() {
  log = byId('log');
  jump = byId('jump');
  top = el('div', { class: 'log-top' });
  list = el('div', { class: 'log-list' });
  log.append(top, list);
  log.addEventListener('scroll', () => {
    if (inserting) return;
    follow = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (follow) jump.hidden = true;
  }, { passive: true });
  jump.addEventListener('click', () => { follow = true; log.focus(); draw(); });
  // Pictures and files grow after they were drawn; a file that somebody opens is to be read from its top, though.
  const grown = new ResizeObserver(() => { if (follow) log.scrollTop = log.scrollHeight; });
  grown.observe(log);
  grown.observe(list);
  log.addEventListener('click', (event) => { if (event.target.closest('.file')) follow = false; });
}

/** Another channel, or the same one for another person. */
export function showChannel(section) {
  state.channel = { id: section.id, more: section.more };
  messages = new Map(section.messages.map((message) => [message.id, message]));
  notices = [];
  drawn.clear();
  list.replaceChildren();
  follow = true;
  drawSoon();
}

/** Messages that came or changed, and the ids of those that went. */
export function change(fresh, gone) {
  for (const id of gone) messages.delete(id);
  for (const message of fresh) {
    const isNew = !messages.has(message.id);
    if (isNew && state.channel.more && BigInt(message.id) < oldest()) continue; // an edit far above what is shown
    messages.set(message.id, message);
    if (isNew || !message.thinking) announce(message);
  }
  drawSoon();
}

/** Something that only this page says, below the messages: a command that was not answered. */
export function notice(command, text) {
  notices.push({ command, text });
  notices = notices.slice(-5);
  follow = true;
  drawSoon();
}

const oldest = () => [...messages.keys()].map(BigInt).reduce((a, b) => (a < b ? a : b), 1n << 64n);

/** Draws the list in the next frame. */
export const drawSoon = batched(draw);

function draw() {
  const all = [...messages.values()].sort((a, b) => a.at - b.at || (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const room = follow ? WINDOW : WINDOW_BACK;
  const shown = all.slice(-room);
  if (all.length > shown.length) {
    messages = new Map(shown.map((message) => [message.id, message]));
    state.channel.more = true;
  }
  inserting = true;
  const before = follow ? 0 : log.scrollHeight - log.scrollTop;
  drawTop();
  const nodes = shown.map((message, index) => nodeFor(message, continues(message, shown[index - 1])));
  for (const id of drawn.keys()) if (!messages.has(id)) { drawn.get(id).node.remove(); drawn.delete(id); }
  let added = false;
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) { list.insertBefore(node, list.children[index] ?? null); added = true; }
  });
  while (list.children.length > nodes.length) list.lastChild.remove();
  list.append(...notices.map(noticeNode));
  if (follow) log.scrollTop = log.scrollHeight;
  else { if (added) jump.hidden = false; if (loadingOlder) log.scrollTop = log.scrollHeight - before; }
  loadingOlder = false;
  requestAnimationFrame(() => { inserting = false; });
}

function nodeFor(message, compact) {
  const known = drawn.get(message.id);
  if (known && known.message === message && known.compact === compact) return known.node;
  const node = messageNode(message, compact, () => { messages.delete(message.id); log.focus(); drawSoon(); });
  const focused = known?.node.contains(document.activeElement) ? document.activeElement : null;
  known?.node.replaceWith(node);
  // Back to the same control or to none: whoever presses a key once more must not press another button.
  if (focused) (twin(focused, node) ?? log).focus({ preventScroll: true });
  drawn.set(message.id, { node, message, compact });
  return node;
}

/** The control of a message drawn anew that is what this one was, unless it cannot be used any more. */
function twin(control, node) {
  const { key } = control.dataset;
  return key ? [...node.querySelectorAll('[data-key]:not(:disabled)')].find((each) => each.dataset.key === key) : null;
}

function noticeNode(item) {
  return el('article', { class: 'msg private notice', data: { testid: 'notice' } },
    el('p', { class: 'used' }, el('strong', { text: me()?.name ?? 'You' }), ' used ', el('span', { class: 'mention', text: `/${item.command}` })),
    el('span', { class: 'avatar bot', 'aria-hidden': 'true' }),
    el('div', { class: 'body' }, el('p', { class: 'failed', role: 'alert', text: item.text })),
    el('p', { class: 'note' }, 'Only you can see this · ', el('button', {
      type: 'button', class: 'plain', text: 'Dismiss message', on: { click: () => { notices = notices.filter((other) => other !== item); log.focus(); drawSoon(); } },
    })));
}

let loadingOlder = false;
async function older() {
  const answer = await ask('older', { before: [...messages.values()].sort((a, b) => a.at - b.at)[0].id });
  if (answer.id !== state.channel.id) return;
  state.channel.more = answer.more;
  messages = new Map([...answer.messages.map((message) => [message.id, message]), ...messages]);
  follow = false;
  loadingOlder = true;
  drawSoon();
}

function drawTop() {
  const name = channelNamed(state.channel.id)?.name ?? '';
  const kind = `${name} ${state.channel.more}`;
  if (top.dataset.kind === kind) return;
  top.dataset.kind = kind;
  if (top.contains(document.activeElement)) log.focus({ preventScroll: true });
  top.replaceChildren(state.channel.more
    ? el('button', { type: 'button', class: 'button secondary small', text: 'Earlier messages', on: { click: older } })
    : el('div', { class: 'beginning' }, el('p', { class: 'beginning-mark', 'aria-hidden': 'true', text: '#' }),
      el('h3', { text: `This is the beginning of #${name}` }),
      el('p', { text: 'Type / in the line below to see what the bot can do for you here.' })));
}
