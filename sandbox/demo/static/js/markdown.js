/** Discord's Markdown as elements: blocks first (code, headings, lists, quotes), then what stands within a line. */

import { ansiBlock } from './ansi.js';
import { el } from './dom.js';
import { inline } from './inline.js';

const FENCE = /```(?:([\w+-]{0,20})\n)?([\s\S]*?)\n?```/g;
const ITEM = /^( *)([-*]|\d{1,3}\.) +(.*)$/;

/** @param {string} text @returns {DocumentFragment} */
export function markdown(text) {
  const out = document.createDocumentFragment();
  let last = 0;
  for (const match of text.matchAll(FENCE)) {
    if (!match[2].trim() && match[2] === '') continue;
    prose(text.slice(last, match.index), out);
    out.append(codeBlock(match[2], match[1] ?? ''));
    last = match.index + match[0].length;
  }
  prose(text.slice(last), out);
  return out;
}

/** A block of code; `ansi` in colours. */
export function codeBlock(text, language) {
  const code = el('code', { data: { language } });
  if (language === 'ansi') code.append(...ansiBlock(text));
  else code.append(...text.split('\n').map((line) => el('span', { class: 'line', dir: 'ltr', text: line || '\u200b' })));
  return el('pre', { class: 'block', role: 'group', tabindex: '0', 'aria-label': language === 'ansi' ? 'Console lines' : 'Code' }, code);
}

function prose(text, out) {
  const lines = text.replace(/^\n/, '').replace(/\n$/, '').split('\n');
  if (lines.length === 1 && lines[0] === '') return;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    if (line.startsWith('>>> ')) {
      out.append(quote([line.slice(4), ...lines.slice(index + 1)]));
      return;
    }
    if (line.startsWith('> ')) {
      const quoted = [];
      while (index < lines.length && lines[index].startsWith('> ')) quoted.push(lines[index++].slice(2));
      index -= 1;
      out.append(quote(quoted));
    } else if (ITEM.test(line)) {
      const items = [];
      while (index < lines.length && ITEM.test(lines[index])) items.push(lines[index++].match(ITEM));
      index -= 1;
      out.append(list(items));
    } else out.append(plainLine(line));
  }
}

function quote(lines) {
  const node = el('blockquote');
  prose(lines.join('\n'), node);
  return node;
}

function list(items) {
  const ordered = /\d/.test(items[0][2]);
  const node = el(ordered ? 'ol' : 'ul');
  for (const item of items) {
    const entry = el('li', { dir: 'auto', class: item[1].length >= 2 ? 'deep' : null });
    entry.append(inline(item[3]));
    node.append(entry);
  }
  return node;
}

function plainLine(line) {
  const heading = line.match(/^(#{1,3}) +(.+)$/);
  if (heading) return filled(el('p', { class: `h h${heading[1].length}`, role: 'heading', 'aria-level': '3', dir: 'auto' }), heading[2]);
  if (line.startsWith('-# ')) return filled(el('p', { class: 'subtext', dir: 'auto' }), line.slice(3));
  return filled(el('p', { dir: 'auto' }), line);
}

function filled(node, text) {
  if (text === '') node.append(el('br'));
  else node.append(inline(text));
  return node;
}
