/** Tells screen readers what came in, in a few words and not too often: a console would never let them finish. */

import { byId } from './dom.js';
import { stamp } from './times.js';

const PAUSE_MS = 3000;
const LONGEST = 160;
let waiting = [];
let timer = 0;

/** @param {any} message */
export function announce(message) {
  waiting.push(message);
  if (!timer) timer = setTimeout(speak, 400);
}

function speak() {
  const count = waiting.length;
  if (!count) { timer = 0; return; }
  const last = waiting.at(-1);
  waiting = [];
  const words = count > 3 ? `${count} new messages` : `${last.author.name}: ${plain(last)}`;
  byId('announcer').textContent = words;
  timer = setTimeout(speak, PAUSE_MS);
}

function plain(message) {
  if (message.thinking) return 'is thinking';
  const text = message.content || message.embeds[0]?.title || message.files[0]?.name || '';
  return text.replace(/^```ansi$/gm, '').replace(/<t:(-?\d+)(?::(\w))?>/g, (_, unix, style) => stamp(unix, style))
    // eslint-disable-next-line no-control-regex
    .replace(/\x1b\[[0-9;]*m|[*_`]/g, '').trim().slice(0, LONGEST);
}
