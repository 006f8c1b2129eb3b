/** One message as an element: who, when, what, with embeds, files, buttons, and the note of a private reply. */

import { components } from './components.js';
import { el, pick } from './dom.js';
import { embed } from './embed.js';
import { file } from './files.js';
import { markdown } from './markdown.js';
import { ask } from './socket.js';
import { calendar, hours, isToday, stamp } from './times.js';

const TOGETHER_MS = 5 * 60 * 1000;

/** Whether a message stands below the one before it without a head of its own. */
export function continues(message, before) {
  return Boolean(before) && !message.used && !message.ephemeral && !before.ephemeral
    && before.author.id === message.author.id && message.at - before.at < TOGETHER_MS;
}

/**
 * @param {any} message as `show.message` tells it
 * @param {boolean} compact without head
 * @param {() => void} dismiss takes a private reply off the page
 */
export function messageNode(message, compact, dismiss) {
  const node = el('article', {
    class: `msg${compact ? ' compact' : ''}${message.ephemeral ? ' private' : ''}`,
    data: { testid: 'message', id: message.id, ephemeral: String(message.ephemeral), bot: String(message.author.bot) },
    'aria-label': `${message.author.name}, ${hours(message.at)}`,
  });
  if (message.used) {
    node.append(el('p', { class: 'used' },
      el('strong', { dir: 'auto', text: message.used.by }), ' used ', el('span', { class: 'mention', text: `/${message.used.command}` })));
  }
  node.append(compact ? el('time', { class: 'aside-time', text: hours(message.at) }) : avatar(message.author.name, message.author.bot));
  const body = el('div', { class: 'body' });
  if (!compact) body.append(head(message));
  body.append(...parts(message));
  node.append(body);
  if (message.ephemeral) {
    node.append(el('p', { class: 'note' }, 'Only you can see this · ',
      el('button', { type: 'button', class: 'plain', text: 'Dismiss message', data: { key: 'dismiss' }, on: { click: () => { ask('dismiss', { message: message.id }); dismiss(); } } })));
  }
  return node;
}

function head(message) {
  return el('header', { class: 'msg-head' },
    el('strong', { class: `author tint-${pick(message.author.name, 8)}`, dir: 'auto', text: message.author.name }),
    message.author.bot && el('span', { class: 'tag', text: 'APP' }),
    el('time', { title: stamp(message.at / 1000, 'F'), text: isToday(message.at) ? hours(message.at) : calendar(message.at) }));
}

function parts(message) {
  const found = [];
  if (message.thinking) {
    found.push(el('p', { class: 'thinking', data: { testid: 'thinking' } },
      el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), `${message.author.name} is thinking…`));
  }
  if (message.content) {
    const content = el('div', { class: 'content', data: { testid: 'content' } });
    content.append(markdown(message.content));
    if (message.edited) editedMark(content);
    found.push(content);
  }
  found.push(...message.embeds.map(embed), ...message.files.filter((item) => !shownInEmbed(item, message)).map(file));
  if (message.components.length) found.push(components(message));
  return found;
}

/** "(edited)" behind the last words, or below a block. */
function editedMark(content) {
  const mark = el('span', { class: 'edited', text: ' (edited)' });
  const last = content.lastElementChild;
  if (last?.tagName === 'P') last.append(mark);
  else content.append(mark);
}

function shownInEmbed(item, message) {
  return message.embeds.some((each) => each.image?.url === item.url || each.thumbnail?.url === item.url);
}

/** A round picture made of the first letter. */
export function avatar(name, isBot = false) {
  return el('span', { class: `avatar fill-${pick(name, 8)}${isBot ? ' bot' : ''}`, 'aria-hidden': 'true', text: isBot ? '' : name.slice(0, 1) });
}
