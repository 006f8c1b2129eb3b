/** Buttons and selects under a message, and what happens when they are used. */

import { answered } from './answers.js';
import { el } from './dom.js';
import { select } from './select.js';
import { ask } from './socket.js';
import { markdown } from './markdown.js';

const STYLES = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'danger', 5: 'link' };
const ROW = 1, BUTTON = 2, TEXT = 10;

/** @param {any} message */
export function components(message) {
  const box = el('div', { class: 'components', data: { testid: 'components' } });
  const failed = el('p', { class: 'failed', role: 'alert', hidden: true });
  for (const part of message.components) {
    if (part.type === ROW) box.append(el('div', { class: 'row' }, ...part.components.map((item) => control(item, message, failed))));
    else if (part.type === TEXT) { const text = el('div', { class: 'content' }); text.append(markdown(part.content)); box.append(text); }
  }
  box.append(failed);
  return box;
}

function control(item, message, failed) {
  return item.type === BUTTON ? button(item, message, failed) : select(item, (values) => use('choose', item, message, failed, { values }));
}

function button(item, message, failed) {
  const label = [item.emoji?.name, item.label].filter(Boolean).join(' ');
  if (item.style === 5) {
    const safe = /^https?:\/\//.test(item.url ?? '');
    return el('a', { class: 'button link', href: safe ? item.url : null, target: '_blank', rel: 'noopener noreferrer nofollow', text: `${label} ↗` });
  }
  const node = el('button', {
    type: 'button', class: `button ${STYLES[item.style] ?? 'secondary'}`, disabled: item.disabled, text: label, data: { testid: 'button', style: STYLES[item.style], key: item.custom_id },
  });
  node.addEventListener('click', async () => {
    node.setAttribute('aria-busy', 'true');
    await use('click', item, message, failed, {});
    node.removeAttribute('aria-busy');
  });
  return node;
}

async function use(what, item, message, failed, fields) {
  failed.hidden = true;
  const answer = await ask(what, { message: message.id, id: item.custom_id, ...fields });
  const problem = await answered(answer);
  if (problem) {
    failed.textContent = answer.failed ? 'This interaction failed' : problem;
    failed.hidden = false;
  }
}
