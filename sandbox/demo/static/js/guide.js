/** The guided tour, one step at a time, ticked by what really happened; after that, things to try. */

import { prefill } from './composer.js';
import { byId, el } from './dom.js';
import { look } from './other.js';
import { become, openChannel } from './places.js';
import { state, watch } from './state.js';
import { trouble } from './trouble.js';
import { TRIES } from './tries.js';
import { show, tellOf } from './views.js';

/** What came of the trouble that was made last. @type {{of: any, sentence: string, refused: boolean} | null} */
let told = null;
let isOverOpen = false;
let done = Infinity;

/** Puts the guide on the page. */
export function initGuide() {
  watch(['tour', 'world'], draw);
}

function draw() {
  const { steps } = state.tour;
  if (!steps.length || !state.world) return;
  const pane = byId('guide');
  isOverOpen = pane.querySelector('.over')?.open ?? isOverOpen;
  const focused = pane.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const left = steps.filter((step) => !step.done);
  const current = left[0];
  if (steps.length - left.length > done) tellOf('guide', 'A step is done');
  done = steps.length - left.length;
  pane.replaceChildren(
    el('h2', { text: current ? 'Five steps to a console that does not lie' : 'All set. Things to try' }),
    el('p', { class: 'lead' }, current
      ? 'This is the real bot, running on your machine. Discord and the game panel around it are make-believe: nothing you do here leaves this page.'
      : 'Everything is connected. Break something, and see whether the channel tells you.'),
    progress(done, steps.length),
    current ? stepList(steps, current) : el('details', { class: 'over', open: isOverOpen }, el('summary', { text: 'The five steps' }), stepList(steps, current)),
    ...(current ? [] : [el('div', { class: 'tries', data: { testid: 'tries' } }, ...TRIES.map(tryNode))]));
  if (focused) pane.querySelector(`[data-key="${focused}"]`)?.focus();
}

function progress(count, all) {
  const bar = el('progress', { max: all, value: count, 'aria-label': 'Steps done' });
  return el('p', { class: 'progress' }, bar, el('span', { text: `${count} of ${all}` }));
}

const stepList = (steps, current) => el('ol', { class: 'steps' }, ...steps.map((step, index) => stepNode(step, index, step === current)));

function stepNode(step, index, isCurrent) {
  const kind = step.done ? 'done' : isCurrent ? 'current' : 'later';
  const node = el('li', { class: `step ${kind}`, data: { testid: `step-${step.id}`, state: kind }, 'aria-current': isCurrent ? 'step' : null },
    el('span', { class: 'step-mark', 'aria-hidden': 'true', text: step.done ? '✓' : String(index + 1) }),
    el('h3', {}, step.title, el('span', { class: 'sr', text: step.done ? ' (done)' : '' })));
  if (!isCurrent) return node;
  const person = state.world.people.find((item) => item.key === step.as);
  node.append(el('p', { text: step.text }));
  if (step.copy) node.append(el('dl', { class: 'copies' }, ...step.copy.map(copyRow)));
  node.append(
    el('p', { class: 'typed', text: words(step.type) }),
    el('button', {
      type: 'button', class: 'button primary', text: 'Type it for me', data: { testid: 'type-it', key: 'type-it' }, on: { click: () => typeIt(step.as, step.type) },
    }),
    el('p', { class: 'dim', text: `You are ${person.name} for this step. It only fills the line; Enter or ➤ sends it.` }));
  return node;
}

function copyRow(item) {
  const button = el('button', { type: 'button', class: 'plain', text: 'Copy', 'aria-label': `Copy ${item.label}`, data: { key: `copy-${item.label}` } });
  const shown = el('code', { text: item.secret ? `${item.value.slice(0, 9)}…` : item.value, title: item.value, data: { testid: `copy-${item.label}`, value: item.value } });
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(item.value);
      button.textContent = 'Copied';
    } catch {
      shown.textContent = item.value;
      getSelection().selectAllChildren(shown);
      button.textContent = 'Press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  return el('div', {}, el('dt', { text: item.label }), el('dd', {}, shown, button));
}

function words(typed) {
  const names = { role: (id) => `@${state.world.roles.find((item) => item.id === id)?.name}`, channel: (id) => `#${state.world.channels.find((item) => item.id === id)?.name ?? 'castle-console'}` };
  const options = Object.entries(typed.options).map(([name, value]) => `${name}:${names[name]?.(value) ?? value}`);
  return [`/${typed.command}`, ...options].join(' ');
}

async function typeIt(who, typed, channel) {
  await become(who);
  if (channel) await goTo(channel);
  show('chat');
  prefill(typed.command, typed.options);
}

async function goTo(name) {
  const found = state.world.channels.find((item) => item.name === name);
  if (found && found.id !== state.channel.id) await openChannel(found.id);
}

function tryNode(item) {
  const node = el('section', { class: 'try' }, el('h3', { text: item.title }), el('p', { text: item.text }));
  const row = el('div', { class: 'row' });
  const place = TRIES.indexOf(item);
  const mine = told?.of === item ? told : null;
  if (item.type) row.append(el('button', { type: 'button', class: 'button secondary small', text: `Type ${words(item.type)}`, data: { testid: `try-${item.type.command}`, key: `try-${place}-type` }, on: { click: () => typeIt(item.as, item.type, item.channel) } }));
  if (item.be) row.append(el('button', { type: 'button', class: 'button secondary small', text: item.be.label, data: { key: `try-${place}-be` }, on: { click: async () => { await become(item.be.who); show('chat'); } } }));
  for (const each of item.troubles ?? []) {
    row.append(el('button', {
      type: 'button', class: `button ${each.gentle ? 'secondary' : 'danger'} small`, text: each.label,
      data: { testid: `try-${each.what}`, key: `try-${place}-${each.what}` }, on: { click: () => makeTrouble(item, each.what) },
    }));
  }
  node.append(row);
  if (item.troubles) node.append(el('p', { class: `told${mine?.refused ? ' refused' : ''}`, role: 'status', data: { testid: 'try-told' }, text: mine?.sentence ?? '' }));
  return node;
}

/** Does it to the Castle, in front of the channel that shows its console, and says here what came of it. */
async function makeTrouble(item, what) {
  await become('owner');
  await goTo(item.channel);
  show('chat');
  const castle = state.servers.list.find((server) => server.name === 'Castle');
  if (castle && castle.id !== state.watching) look(castle.id);
  told = { of: item, ...await trouble(what) };
  draw();
}
