/** What the page knows; whoever shows a part of it asks to be called, once a frame, when that part has changed. */

import { batched } from './dom.js';

export const state = {
  connected: false,
  world: null,
  commands: [],
  /** id of the open channel, and whether there are older messages */
  channel: { id: '', more: false },
  servers: { list: [], node_up: true, tally: [], limited: 0 },
  watching: '',
  tour: { steps: [] },
  bot: { state: 'starting', text: '', restarts: 0 },
  requests: [],
  unread: new Set(),
};

/** @type {Map<string, Array<() => void>>} */
const watchers = new Map();

/** Calls `work` in the frame after any of these parts changed. */
export function watch(parts, work) {
  const run = batched(work);
  for (const part of parts) watchers.set(part, [...(watchers.get(part) ?? []), run]);
}

/** Says that a part has changed. */
export function touch(part) {
  for (const run of watchers.get(part) ?? []) run();
}

/** Resolves once `condition` holds, looked at after each change of these parts; gives up after two seconds. */
export function until(parts, condition) {
  return new Promise((resolve) => {
    const late = setTimeout(finish, 2000);
    const stops = parts.map((part) => {
      const look = () => { if (condition()) finish(); };
      watchers.set(part, [...(watchers.get(part) ?? []), look]);
      return () => watchers.set(part, watchers.get(part).filter((other) => other !== look));
    });
    function finish() {
      clearTimeout(late);
      for (const stop of stops ?? []) stop();
      resolve();
    }
    if (condition()) finish();
  });
}

export const me = () => state.world?.people.find((person) => person.key === state.world.me);
export const channelNamed = (id) => state.world?.channels.find((channel) => channel.id === id);
export const roleNamed = (id) => state.world?.roles.find((role) => role.id === id);
export const personNamed = (id) =>
  state.world?.people.find((person) => person.id === id) ?? (state.world?.bot.id === id ? state.world.bot : undefined);
