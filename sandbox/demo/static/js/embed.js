/** Embeds: the framed cards that a bot can send. */

import { el } from './dom.js';
import { inline } from './inline.js';
import { markdown } from './markdown.js';
import { calendar } from './times.js';

/** @param {any} card */
export function embed(card) {
  const node = el('section', { class: 'embed', data: { testid: 'embed' } });
  if (Number.isInteger(card.color)) node.style.setProperty('--bar', `#${card.color.toString(16).padStart(6, '0')}`);
  const main = el('div', { class: 'embed-main' });
  if (card.author?.name) main.append(el('p', { class: 'embed-author', dir: 'auto', text: card.author.name }));
  if (card.title) main.append(filled(el('p', { class: 'embed-title', role: 'heading', 'aria-level': '3', dir: 'auto' }), inline(card.title)));
  if (card.description) main.append(filled(el('div', { class: 'content' }), markdown(card.description)));
  if (card.fields?.length) main.append(fields(card.fields));
  node.append(main);
  if (card.thumbnail?.url) node.append(picture(card.thumbnail.url, 'embed-thumb'));
  if (card.image?.url) node.append(picture(card.image.url, 'embed-image'));
  const foot = [card.footer?.text, card.timestamp && calendar(Date.parse(card.timestamp))].filter(Boolean).join(' • ');
  if (foot) node.append(el('p', { class: 'embed-foot', dir: 'auto', text: foot }));
  return node;
}

function fields(items) {
  const grid = el('dl', { class: 'embed-fields' });
  for (const item of items) {
    const entry = el('div', { class: item.inline ? 'inline-field' : 'wide-field' });
    entry.append(filled(el('dt', { dir: 'auto' }), inline(item.name)), filled(el('dd', { class: 'content' }), markdown(item.value)));
    grid.append(entry);
  }
  return grid;
}

function picture(address, name) {
  return el('img', { class: name, src: address, alt: 'Picture in the embed', loading: 'lazy' });
}

function filled(node, content) {
  node.append(content);
  return node;
}
