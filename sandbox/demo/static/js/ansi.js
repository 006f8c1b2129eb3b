/** Draws text with terminal colours: the few codes that Discord knows, or the common ones for the panel's own console. */

import { el } from './dom.js';

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([0-9;:?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b./g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** Characters that turn the direction of text: shown, not obeyed. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

const plain = () => ({ bold: false, under: false, fg: 0, bg: 0 });

/** @param {ReturnType<typeof plain>} style @param {string} codes @param {boolean} all also bright and 256 colours */
function change(style, codes, all) {
  const numbers = codes === '' ? [0] : codes.split(/[;:]/).map(Number);
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index];
    if (code === 0) Object.assign(style, plain());
    else if (code === 1) style.bold = true;
    else if (code === 4) style.under = true;
    else if (code >= 30 && code <= 37) style.fg = code;
    else if (code >= 40 && code <= 47) style.bg = code;
    else if (code === 39) style.fg = 0;
    else if (code === 49) style.bg = 0;
    else if (all && code >= 90 && code <= 97) style.fg = code - 60;
    else if (code === 38 || code === 48) {
      const step = numbers[index + 1] === 5 ? 2 : 4;
      if (all && step === 2 && code === 38) style.fg = 30 + near(numbers[index + 2] ?? 7);
      index += step;
    }
  }
}

/** The basic colour next to one of the 256. */
function near(color) {
  if (color < 16) return color % 8;
  if (color >= 232) return 7;
  const level = color - 16;
  const bits = [Math.floor(level / 36), Math.floor(level / 6) % 6, level % 6].map((part) => (part > 2 ? 1 : 0));
  return bits[0] + 2 * bits[1] + 4 * bits[2] || 7;
}

function run(text, style) {
  const clean = text.replace(CONTROL, '');
  if (!clean) return null;
  const names = [
    style.bold && 'a-bold', style.under && 'a-under', style.fg && `a-${style.fg}`, style.bg && `a-${style.bg}`,
  ].filter(Boolean);
  return names.length ? el('span', { class: names.join(' '), text: clean }) : document.createTextNode(clean);
}

/** One line with its colours; `style` carries over from line to line. */
function line(text, style, all) {
  const node = el('span', { class: 'line', dir: 'ltr' });
  let last = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    const before = run(text.slice(last, match.index), style);
    if (before) node.append(before);
    last = match.index + match[0].length;
    if (match[2] === 'm') change(style, match[1], all);
  }
  const rest = run(text.slice(last), style);
  if (rest) node.append(rest);
  if (!node.firstChild) node.append('\u200b');
  return node;
}

/** The lines of an `ansi` block as Discord's desktop client draws them. */
export function ansiBlock(text) {
  const style = plain();
  return text.split('\n').map((each) => line(each, style, false));
}

/** The lines of one console event as a terminal draws them: of a redrawn line only the last state counts. */
export function terminalLines(text) {
  return text.split(/\r*\n/).map((each) => line(each.replace(/\r+$/, '').replace(/^[^\n]*\r/, '').replace(TURNS, '⇄'), plain(), true));
}
