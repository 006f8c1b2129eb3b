/** The buttons for trouble: asks for it for the server that is being watched, and says what was done. */

import { ask } from './socket.js';
import { state } from './state.js';

/** @type {(sentence: string, refused: boolean) => void} */
let tell = () => {};

/** Whoever shows what was done. */
export function onTrouble(work) { tell = work; }

/** @param {string} what @returns {Promise<{sentence: string, refused: boolean}>} what was done, or why not */
export async function trouble(what) {
  const server = state.watching || state.servers.list[0]?.id;
  const answer = await ask('trouble', { what, server });
  const told = { sentence: answer.told ?? answer.refused ?? '', refused: Boolean(answer.refused) };
  tell(told.sentence, told.refused);
  return told;
}

export const TROUBLES = [
  ['The game', [['Crash it', 'crash', true], ['Print nasty lines', 'hostile']]],
  ['Floods', [['100', 'flood-100'], ['1,000', 'flood-1000'], ['10,000', 'flood-10000', true]]],
  ['The node', [['Drop the socket', 'drop', true], ['Restart Wings', 'restart-wings', true], ['Expire the token', 'expire', true], ['Node down', 'node-down', true], ['Node up', 'node-up']]],
  ['The panel', [['Suspend', 'suspend', true], ['Unsuspend', 'unsuspend']]],
  ['Discord', [['Rate-limit it', 'limit', true]]],
  ['Players', [['Talk', 'chatter-on'], ['Silence', 'chatter-off']]],
];
