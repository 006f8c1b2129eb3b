/** Tells screen readers what came in, in a few words and not too often: a console would never let them finish. */

import { byId } from './dom.js';
import { inline } from './inline.js';
import { markdown } from './markdown.js';

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
  const words = count > 3 ? `${count} new messages` : `${last.author.name}: ${spoken(last)}`;
  byId('announcer').textContent = words;
  timer = setTimeout(speak, PAUSE_MS);
}

/** What a message says, as it is drawn: without markup, hidden text not told. @returns {string} */
export function spoken(message) {
  if (message.thinking) return 'is thinking';
  const drawn = message.content ? markdown(message.content) : inline(message.embeds[0]?.title ?? message.files[0]?.name ?? '');
  for (const hidden of drawn.querySelectorAll('.spoiler')) hidden.replaceWith('hidden text');
  // Lines, items and paragraphs are parts of their own, which `textContent` would glue together.
  for (const part of drawn.querySelectorAll('p, li, blockquote, pre, .line')) part.append(' ');
  return drawn.textContent.replace(/[\s\u200b]+/g, ' ').trim().slice(0, LONGEST);
}
