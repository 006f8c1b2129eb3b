/** Discord's Markdown within a line: emphasis, code, links that cannot be anything but links, times and mentions. */

import { el, pick } from './dom.js';
import { channelNamed, personNamed, roleNamed } from './state.js';
import { stamp } from './times.js';

const wrap = (tag, props) => (match) => { const node = el(tag, props); node.append(inline(match[1])); return node; };

/** Each rule matches at the beginning of what is left. */
const RULES = [
  [/^\\([^\p{L}\p{N}\s])/u, (match) => match[1]],
  [/^(`{1,2})((?:(?!\1)[\s\S])+?)\1(?!`)/, (match) => code(match[2])],
  [/^\*\*\*([^*]+?)\*\*\*/, (match) => { const node = el('strong'); node.append(wrap('em')(match)); return node; }],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, wrap('strong')],
  [/^__([\s\S]+?)__(?!_)/, wrap('u')],
  [/^\*(?![\s*])([^*]*(?:\*\*[^*]+\*\*[^*]*)*[^\s*])\*(?!\*)/, wrap('em')],
  [/^_(?!_)((?:\\.|[^_\\])+?)_(?![\p{L}\p{N}_])/u, wrap('em')],
  [/^~~([\s\S]+?)~~/, wrap('s')],
  [/^\|\|([\s\S]+?)\|\|/, spoiler],
  [/^\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s<>)]+)>?\)/, (match) => link(match[2], inline(match[1]))],
  [/^<(https?:\/\/[^\s<>]+)>/, (match) => link(match[1], match[1])],
  [/^https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]]/, (match) => link(match[0], match[0])],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, time],
  [/^<@&(\d{1,20})>/, (match) => role(match[1])],
  [/^<@!?(\d{1,20})>/, (match) => mention(`@${personNamed(match[1])?.name ?? 'unknown'}`)],
  [/^<#(\d{1,20})>/, (match) => mention(`#${channelNamed(match[1])?.name ?? 'no-access'}`)],
  [/^<\/([\w -]{1,100}):\d{1,20}>/, (match) => mention(`/${match[1]}`)],
  [/^@(everyone|here)\b/, (match) => mention(match[0])],
];
/** Where a rule may match at all: skips over ordinary text at once. */
const PLAIN = /^[^\\`*_~|[<h@]+|^h(?!ttps?:\/\/)|^[\s\S]/;
const WORD_END = /[\p{L}\p{N}]$/u;

/** Where there is no room for an address, its port goes into the next line whole. */
function code(text) {
  const [before, port] = text.split(/(?=:\d{1,5}$)/);
  return el('code', { class: 'inline', dir: 'auto' }, before, port && el('wbr'), port);
}

/** @param {string} text @returns {DocumentFragment} */
export function inline(text) {
  const out = document.createDocumentFragment();
  let rest = text;
  let held = '';
  const flush = () => { if (held) out.append(held); held = ''; };
  while (rest) {
    const found = matching(rest, held);
    if (found) {
      const [match, build] = found;
      const piece = build(match);
      if (typeof piece === 'string') held += piece;
      else { flush(); out.append(piece); }
      rest = rest.slice(match[0].length);
    } else {
      const skipped = rest.match(PLAIN)[0];
      held += skipped;
      rest = rest.slice(skipped.length);
    }
  }
  flush();
  return out;
}

function matching(rest, before) {
  for (const [pattern, build] of RULES) {
    const match = rest.match(pattern);
    if (!match) continue;
    if (match[0][0] === '_' && match[0][1] !== '_' && WORD_END.test(before)) continue; // snake_case is no emphasis
    return [match, build];
  }
  return null;
}

function link(address, shown) {
  const node = el('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow', title: address, dir: 'auto' });
  node.append(shown);
  return node;
}

function time(match) {
  const isAgo = match[2] === 'R';
  return el('time', { class: 'stamp', title: stamp(match[1], 'F'), data: isAgo ? { ago: match[1] } : {}, text: stamp(match[1], match[2]) });
}

function mention(text) {
  return el('span', { class: 'mention', dir: 'auto', text });
}

function role(id) {
  const known = roleNamed(id);
  return el('span', { class: `mention tint-${pick(known?.name ?? '', 8)}`, dir: 'auto', text: `@${known?.name ?? 'deleted-role'}` });
}

function spoiler(match) {
  const node = el('button', { type: 'button', class: 'spoiler', 'aria-label': 'Hidden text, press to show', 'aria-expanded': 'false' });
  const inner = el('span');
  inner.append(inline(match[1]));
  node.append(inner);
  node.addEventListener('click', () => { node.classList.add('open'); node.setAttribute('aria-expanded', 'true'); node.removeAttribute('aria-label'); });
  return node;
}
