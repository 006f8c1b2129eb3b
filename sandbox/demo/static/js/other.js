/** The other side: what the game servers and their node really did, beside what the channels show of it. */

import { terminalLines } from './ansi.js';
import { batched, byId, el } from './dom.js';
import { ask } from './socket.js';
import { channelNamed, state, watch } from './state.js';
import { seconds } from './times.js';
import { TROUBLES, onTrouble, trouble } from './trouble.js';

const LINES = 300;
let waiting = [];
let skipped = 0;
let follow = true;
let parts;

/** Puts the other side on the page. */
export function initOther() {
  const servers = el('div', { class: 'servers', role: 'radiogroup', 'aria-label': 'Game servers', data: { testid: 'servers' } });
  const truth = el('div', { class: 'truth', role: 'status', data: { testid: 'truth' } });
  const screen = el('pre', { class: 'block screen', role: 'group', tabindex: '0', 'aria-label': 'Console of the game server', data: { testid: 'console' } }, el('code'));
  const told = el('p', { class: 'told', role: 'status', data: { testid: 'told' }, text: 'Each button does it to the server chosen above.' });
  const requests = el('ol', { class: 'requests', data: { testid: 'requests' } });
  const facts = el('p', { class: 'facts', data: { testid: 'facts' } });
  parts = { servers, truth, screen, told, requests, facts, code: screen.firstChild };
  byId('panel').append(
    el('h2', { text: 'What really happens' }), servers, facts, truth, screen,
    el('h3', { text: 'Make trouble' }), told, el('div', { class: 'troubles' }, ...TROUBLES.map(group)),
    el('h3', { text: 'What the panel was asked' }), requests);
  screen.addEventListener('scroll', () => { if (screen.clientHeight) follow = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40; }, { passive: true });
  new ResizeObserver(() => { if (follow) screen.scrollTop = screen.scrollHeight; }).observe(screen);
  onTrouble((sentence, refused) => { told.textContent = sentence; told.classList.toggle('refused', refused); });
  watch(['servers', 'world'], drawServers);
  watch(['requests'], drawRequests);
}

function group([title, buttons]) {
  return el('div', { class: 'trouble', role: 'group', 'aria-label': title }, el('span', { class: 'dim', text: title }),
    el('div', { class: 'row' }, ...buttons.map(([label, what, isBad]) => el('button', {
      type: 'button', class: `button ${isBad ? 'danger' : 'secondary'} small`, text: label, data: { testid: `trouble-${what}` }, on: { click: () => trouble(what) },
    }))));
}

function drawServers() {
  const { list } = state.servers;
  if (!list.length) return;
  state.watching ||= list[0].id;
  const hadFocus = parts.servers.contains(document.activeElement);
  parts.servers.replaceChildren(...list.map(serverCard));
  if (hadFocus) parts.servers.querySelector('[aria-checked=true]').focus();
  const server = list.find((item) => item.id === state.watching);
  parts.facts.replaceChildren(
    fact('node', state.servers.node_up ? 'up' : 'down', !state.servers.node_up), fact('sockets', server.sockets), fact('tickets issued', server.tickets),
    fact('signals', server.signals), fact('commands', server.commands), fact('Discord said 429', state.servers.limited));
  drawTruth(server);
}

const fact = (name, value, isBad = false) => el('span', { class: isBad ? 'bad' : null }, `${name} `, el('strong', { text: String(value) }));

function serverCard(server) {
  const isOn = server.id === state.watching;
  const word = server.status ?? server.state;
  return el('button', {
    type: 'button', role: 'radio', class: 'server', 'aria-checked': String(isOn), tabindex: isOn ? '0' : '-1', data: { testid: `server-${server.name}`, state: word },
    on: { click: () => look(server.id), keydown: walk },
  }, el('span', { class: `lamp ${word}`, 'aria-hidden': 'true' }), el('span', { class: 'server-name', text: server.name }),
  el('span', { class: 'dim', text: server.players.length ? `${word}, ${server.players.length} on` : word }));
}

/** Watches a game server: its console is drawn, and trouble is made for it. */
export function look(id) {
  state.watching = id;
  ask('watch', { server: id });
  drawServers();
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const { list } = state.servers;
  const place = list.findIndex((item) => item.id === state.watching);
  look(list[(place + step + list.length) % list.length].id);
  parts.servers.querySelector('[aria-checked=true]').focus();
}

function drawTruth(server) {
  const counts = state.servers.tally.filter((count) => count.server === server.id);
  parts.truth.replaceChildren(...(counts.length ? counts.map(truthLine) : [el('p', { class: 'dim', text: 'No channel shows this console yet.' })]));
}

function truthLine(count) {
  const missing = count.printed - count.shown - count.left_out;
  const channel = channelNamed(count.channel);
  const name = channel ? `#${channel.name}` : 'a channel hidden from you';
  const verdict = missing > 0 ? `${missing.toLocaleString()} on the way` : count.left_out ? `${count.left_out.toLocaleString()} missing, and said so` : 'all there';
  return el('p', { class: missing > 0 ? 'behind' : count.left_out ? 'said' : 'equal', data: { testid: 'truth-line', missing: String(Math.max(0, missing)), printed: String(count.printed), shown: String(count.shown) } },
    el('span', {}, 'printed ', el('strong', { text: count.printed.toLocaleString() })), el('span', {}, 'shown ', el('strong', { text: count.shown.toLocaleString() })),
    el('span', { class: 'verdict', text: `${missing > 0 ? '…' : count.left_out ? '⚠' : '✓'} ${verdict}` }), el('span', { class: 'dim where', text: `since ${name} began to show it` }));
}

/** Lines that the watched server printed; `skipped` of them were too many to be sent. */
export function printed(server, lines, left, anew) {
  if (state.watching && server !== state.watching) return;
  if (anew) { parts.code.replaceChildren(); waiting = []; }
  waiting.push(...lines);
  skipped += left;
  if (waiting.length > LINES) { skipped += waiting.length - LINES; waiting = waiting.slice(-LINES); }
  drawLines();
}

const drawLines = batched(() => {
  const { screen, code } = parts;
  if (skipped && waiting.length) code.append(el('span', { class: 'line skipped', text: `… ${skipped.toLocaleString()} lines not drawn here …` }));
  code.append(...waiting.flatMap(terminalLines));
  waiting = [];
  skipped = 0;
  while (code.children.length > LINES) code.firstChild.remove();
  if (follow) screen.scrollTop = screen.scrollHeight;
});

function drawRequests() {
  const rows = [...state.requests].reverse().map((item) => el('li', {},
    el('time', { text: seconds(item.at) }), el('span', { class: `status s${String(item.status)[0]}`, text: String(item.status) }),
    el('span', { class: 'method', text: item.method }), el('span', { class: 'path', text: item.path, title: item.body || item.path }),
    item.body && el('code', { class: 'sent', text: item.body })));
  parts.requests.replaceChildren(...(rows.length ? rows : [el('li', { class: 'dim', text: 'Nothing yet.' })]));
}
