/** The command line: plain words, or a slash command with its options as chips; nothing wrong leaves it. */

import { answered } from './answers.js';
import { byId, el } from './dom.js';
import { notice } from './messages.js';
import { OptionField } from './option_field.js';
import { Popup } from './popup.js';
import { ask } from './socket.js';
import { channelNamed, state, watch } from './state.js';
import { parseOptions } from './values.js';
import { show } from './views.js';

const popup = new Popup();
const text = el('input', {
  id: 'composer-input', class: 'line-input', type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', dir: 'auto',
  'aria-label': 'Message, or / for commands', data: { testid: 'composer-input' },
});
const line = el('div', { class: 'line-box' });
const status = el('p', { class: 'line-status', role: 'alert', data: { testid: 'composer-status' } });
/** @type {{name: string, about: string, options: any[]} | null} */
let command = null;
/** @type {OptionField[]} */
let fields = [];
let busy = false;

/** Puts the line on the page. */
export function initComposer() {
  Popup.prepare(text);
  byId('composer').append(popup.node, line, status);
  byId('composer').addEventListener('submit', (event) => { event.preventDefault(); send(); });
  text.addEventListener('input', typed);
  text.addEventListener('keydown', textKey);
  text.addEventListener('blur', () => popup.hide());
  text.addEventListener('focus', () => { if (text.value.startsWith('/')) typed(); });
  watch(['commands', 'world', 'channel'], () => {
    placeholder();
    if (command && !state.commands.some((item) => item.name === command.name)) reset();
    if (popup.owner === text && !popup.items.length) typed(); // typed before the bot was there
  });
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault();
    show('chat');
    line.querySelector('input, [type=submit]').focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.target.closest('input, textarea, select, dialog, [role=listbox]')) { event.preventDefault(); begin('/'); }
  });
  layout();
}

/** Prefills the line: a command with options by name, or words. */
export function prefill(name, options = {}) {
  const found = state.commands.find((item) => item.name === name);
  if (!found) { begin(`/${name}`); return; }
  choose(found, options);
}

function begin(words) {
  reset();
  text.value = words;
  text.focus();
  typed();
}

function placeholder() {
  text.placeholder = `Type / for commands in #${channelNamed(state.channel.id)?.name ?? ''}`;
}

function say(sentence) { status.textContent = sentence ?? ''; }

// -- words, and choosing a command ---------------------------------------------------------------------------

function typed() {
  say('');
  const words = text.value;
  if (!words.startsWith('/')) { popup.hide(); return; }
  const wanted = words.slice(1).toLowerCase().replace(/\s+/g, ' ');
  const exact = state.commands.find((item) => wanted.startsWith(`${item.name} `));
  if (exact) { choose(exact, parseOptions(exact, words.trim().slice(exact.name.length + 1))); return; }
  const found = state.commands.filter((item) => item.name.startsWith(wanted) || (wanted.length > 1 && item.name.includes(wanted)));
  found.sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted)));
  const items = found.map((item) => ({ label: `/${item.name}`, extra: item.options.map((option) => option.name).join(' '), about: item.about, value: item }));
  popup.show(text, head(items), items, 0, (item) => choose(item.value, {}));
}

function head(items) {
  if (items.length) return 'Commands you may use here';
  return state.commands.length ? 'No such command here' : 'No commands yet: the bot is starting';
}

function textKey(event) {
  if (event.isComposing) return;
  if (event.key === 'ArrowDown' && popup.open) popup.move(1);
  else if (event.key === 'ArrowUp' && popup.open) popup.move(-1);
  else if (event.key === 'Escape') { popup.hide(); say(''); }
  else if (event.key === 'Tab' && !event.shiftKey && popup.open && popup.items.length) popup.pick();
  else if (event.key === 'Enter') { if (!popup.pick()) send(); }
  else return;
  event.preventDefault();
}

function choose(found, options) {
  popup.hide();
  say('');
  command = found;
  const given = found.options.filter((option) => option.required || option.name in options);
  const first = given.length ? given : found.options.slice(0, 1);
  fields = first.map(newField);
  layout();
  for (const field of fields) if (field.option.name in options) field.fill(options[field.option.name]);
  const empty = fields.find((field) => !field.input.value) ?? fields.at(-1);
  (empty?.input ?? line.querySelector('[type=submit]')).focus();
}

function newField(option) {
  return new OptionField(option, command.name, popup, { others, next, complete, send, jump, back, say, cancel: () => begin('') });
}

// -- the line ------------------------------------------------------------------------------------------------

function layout() {
  const submit = el('button', { type: 'submit', class: 'send', 'aria-label': 'Send', data: { testid: 'send' }, text: '➤' });
  if (!command) {
    line.replaceChildren(text, submit);
    return;
  }
  const rest = command.options.filter((option) => !fields.some((field) => field.option === option));
  line.replaceChildren(
    el('span', { class: 'cmd', data: { testid: 'command-name' }, text: `/${command.name}` }),
    ...fields.map((field) => field.node),
    ...rest.map((option) => el('button', {
      type: 'button', class: 'more', title: option.about, text: `+ ${option.name}`, data: { testid: `add-${option.name}` }, on: { click: () => add(option) },
    })),
    el('button', { type: 'button', class: 'plain cancel', 'aria-label': 'Cancel the command', text: '✕', on: { click: () => begin('') } }),
    submit);
}

function add(option) {
  const field = newField(option);
  fields.push(field);
  layout();
  field.input.focus();
}

/** The valid values of the other options: the bot may want them for its suggestions. */
function others(self) {
  const found = {};
  for (const field of fields) {
    const { value } = field.result();
    if (field !== self && value !== undefined) found[field.option.name] = value;
  }
  return found;
}

const complete = () => fields.every((field) => !field.result().wrong);

function next(self) {
  const after = [...fields.slice(fields.indexOf(self) + 1), ...fields].find((field) => field.option.required && !field.input.value);
  if (after) after.input.focus();
  else { self.input.focus(); popup.hide(); }
}

/** Shares out `words allow:view` typed into one field; false when no option is named in it. */
function jump(self) {
  const words = self.input.value;
  const found = parseOptions(command, words);
  const names = Object.keys(found);
  if (!names.length) return false;
  self.fill(words.slice(0, words.search(new RegExp(`(^|\\s)${names[0]}:`))).trim());
  for (const name of names) {
    const known = fields.find((field) => field.option.name === name);
    const field = known ?? newField(command.options.find((option) => option.name === name));
    if (!known) fields.push(field);
    field.fill(found[name]);
  }
  layout();
  fields.find((field) => field.option.name === names.at(-1)).input.focus();
  return true;
}

function back(self) {
  if (self.option.required || fields.length === 1) {
    const before = fields[fields.indexOf(self) - 1];
    if (before) before.input.focus();
    else begin(`/${command.name}`);
    return;
  }
  const place = fields.indexOf(self);
  fields = fields.filter((field) => field !== self);
  layout();
  (fields[Math.max(0, place - 1)] ?? { input: text }).input.focus();
}

function reset() {
  command = null;
  fields = [];
  text.value = '';
  popup.hide();
  say('');
  layout();
}

// -- sending -------------------------------------------------------------------------------------------------

async function send() {
  if (busy) return;
  if (!command) { await sendWords(); return; }
  const results = fields.map((field) => ({ field, ...field.result() }));
  const wrong = results.filter((item) => item.wrong);
  if (wrong.length) {
    for (const item of wrong) item.field.complain(item.wrong);
    say(wrong.map((item) => item.wrong).join(' '));
    wrong[0].field.input.focus();
    return;
  }
  const options = Object.fromEntries(results.filter((item) => item.value !== undefined).map((item) => [item.field.option.name, item.value]));
  const { name } = command;
  const kept = Object.fromEntries(fields.filter((field) => field.input.value).map((field) => [field.option.name, field.picked ?? field.input.value]));
  reset();
  text.focus();
  busy = true;
  line.setAttribute('aria-busy', 'true');
  const answer = await ask('slash', { command: name, options });
  busy = false;
  line.removeAttribute('aria-busy');
  const problem = await answered(answer);
  if (answer.refused && state.commands.some((item) => item.name === name)) { prefill(name, kept); say(problem); }
  else if (problem) notice(name, problem);
}

async function sendWords() {
  const words = text.value.trim();
  if (!words) return;
  if (words.startsWith('/')) { await sendWhole(words.slice(1).toLowerCase().replace(/\s+/g, ' ')); return; }
  text.value = '';
  const answer = await ask('say', { text: words });
  if (answer.refused) { text.value = words; say(answer.refused); }
}

/** A command's name that was typed or pasted, and never picked: sent at once, unless an option must be given. */
async function sendWhole(name) {
  const found = state.commands.find((item) => item.name === name);
  if (!found) { say('There is no such command here. Type / and pick one.'); return; }
  choose(found, {});
  if (complete()) await send();
}
