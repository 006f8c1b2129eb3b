/** The left side: guild, channels, and who one is. */

import { byId, el, pick } from './dom.js';
import { avatar } from './message.js';
import { ask } from './socket.js';
import { channelNamed, state, until, watch } from './state.js';
import { show } from './views.js';

/** Puts the left side on the page. */
export function initPlaces() {
  byId('guild-mark').append(el('img', { src: '/static/mark.svg', alt: '' }));
  watch(['world', 'channel', 'unread'], draw);
  watch(['bot'], drawBot);
}

/** Becomes somebody else; resolves when the page's news about it are on their way. */
export async function become(key) {
  if (state.world.me === key) return;
  await ask('me', { who: key });
  await until(['world'], () => state.world.me === key);
}

/** Opens a channel. */
export async function openChannel(id) {
  state.unread.delete(id);
  await ask('open', { channel: id });
  await until(['channel'], () => state.channel.id === id);
}

function draw() {
  const { world } = state;
  if (!world) return;
  byId('guild-name').textContent = world.guild.name;
  document.title = `${state.unread.size ? '• ' : ''}#${channelNamed(state.channel.id)?.name ?? ''} · Wingcord demo`;
  byId('channel-name').textContent = channelNamed(state.channel.id)?.name ?? '';
  byId('channel-topic').textContent = channelNamed(state.channel.id)?.topic ?? '';
  keepFocus(byId('channels'), () => byId('channels').replaceChildren(...world.channels.map(channelRow)));
  const mine = world.people.find((person) => person.key === world.me);
  byId('about').textContent = `${mine.name} ${mine.about}.`;
  keepFocus(byId('people'), () => byId('people').replaceChildren(...world.people.map(personRow)));
}

function channelRow(channel) {
  const isOpen = channel.id === state.channel.id;
  const isUnread = state.unread.has(channel.id) && !isOpen;
  return el('li', {}, el('button', {
    type: 'button', class: `channel${isUnread ? ' unread' : ''}${channel.thread ? ' thread' : ''}`, 'aria-current': isOpen ? 'true' : null, data: { testid: `channel-${channel.name}`, key: channel.id },
    on: { click: () => { openChannel(channel.id); show('chat'); } },
  }, el('span', { class: 'hash', 'aria-hidden': 'true', text: channel.thread ? '└' : '#' }), el('span', { text: channel.name }),
  channel.thread && el('span', { class: 'sr', text: ' (thread)' }),
  isUnread && el('span', { class: 'dot', role: 'img', 'aria-label': 'unread' })));
}

function personRow(person) {
  const isMe = person.key === state.world.me;
  return el('button', {
    type: 'button', role: 'radio', class: 'person', 'aria-checked': String(isMe), tabindex: isMe ? '0' : '-1', data: { testid: `be-${person.key}`, key: person.key },
    on: { click: () => become(person.key), keydown: (event) => walk(event, person) },
  }, avatar(person.name), el('span', { class: 'person-words' },
    el('span', { class: `person-name tint-${pick(person.name, 8)}`, text: person.name }), el('span', { class: 'dim', text: person.key })));
}

function walk(event, person) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const { people } = state.world;
  const next = people[(people.indexOf(person) + step + people.length) % people.length];
  byId('people').querySelector(`[data-key="${next.key}"]`).focus();
  become(next.key);
}

/** Draws anew without taking the keyboard away. */
function keepFocus(box, work) {
  const key = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  work();
  if (key) box.querySelector(`[data-key="${key}"]`)?.focus();
}

const BOT_WORDS = { ready: 'bot ready', starting: 'bot is starting…', down: 'bot is down', ended: 'demo has ended' };

function drawBot() {
  const node = byId('bot-state');
  node.textContent = BOT_WORDS[state.bot.state];
  node.dataset.state = state.bot.state;
  const banner = byId('banner');
  const why = state.bot.state === 'ready' ? '' : state.bot.text;
  if (state.connected) { banner.hidden = !why; banner.textContent = why; }
}
