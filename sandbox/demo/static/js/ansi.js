/** Draws text with terminal colours: the few codes that Discord knows, or all of them for the panel's own console. */

import { el } from './dom.js';
import { PLAIN, apply } from './sgr.js';

/** Escape sequences: those with parameters (CSI), those with a text of their own (OSC and the like), all others. */
// eslint-disable-next-line no-control-regex
const SEQUENCE = /(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\n\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c))?|\x1b[ #%&(-/]?[0-Z\\^-~]?/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Characters that turn the direction of text: shown, not obeyed. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** What Discord makes of a sequence: all that it knows is 0, 1, 4, 30 to 37 and 40 to 47. */
function discord(pen, parameters) {
  const known = parameters.split(';').filter((part) => /^(|0|1|4|[34][0-7])$/.test(part));
  return known.length ? apply(pen, known.join(';')) : pen;
}

function run(text, pen) {
  const clean = text.replace(CONTROL, '');
  if (!clean) return null;
  const names = [
    (pen.bold || pen.bright) && 'a-bold', pen.under && 'a-under', pen.fg !== null && `a-${30 + pen.fg}`, pen.bg !== null && `a-${40 + pen.bg}`,
  ].filter(Boolean);
  return names.length ? el('span', { class: names.join(' '), text: clean }) : document.createTextNode(clean);
}

/** One line with its colours, and the pen as it is at its end. */
function line(text, before, change) {
  const node = el('span', { class: 'line', dir: 'ltr' });
  let pen = before;
  let last = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    const piece = run(text.slice(last, match.index), pen);
    if (piece) node.append(piece);
    last = match.index + match[0].length;
    if (match[3] === 'm' && !match[2] && /^[\d;:]*$/.test(match[1])) pen = change(pen, match[1]);
  }
  const rest = run(text.slice(last), pen);
  if (rest) node.append(rest);
  if (!node.firstChild) node.append('\u200b');
  return { node, pen };
}

/** The lines of an `ansi` block as Discord's desktop client draws them: a colour lasts until another one. */
export function ansiBlock(text) {
  let pen = PLAIN;
  return text.split('\n').map((each) => {
    const drawn = line(each, pen, discord);
    pen = drawn.pen;
    return drawn.node;
  });
}

/** The lines of one console event as a terminal draws them: of a redrawn line only the last state counts. */
export function terminalLines(text) {
  return text.split(/\r*\n/).map((each) => line(each.replace(/\r+$/, '').replace(/^[^\n]*\r/, '').replace(TURNS, '⇄'), PLAIN, apply).node);
}
