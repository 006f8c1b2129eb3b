/** What a visitor may want to try once everything is connected. */

export const TRIES = [
  {
    title: 'A helper has what he needs, and no more',
    text: 'Hank may start and stop. Let him try to kill the server: he is told what he lacks and who can give it.',
    as: 'helper', channel: 'general', type: { command: 'kill', options: { server: 'Castle' } },
  },
  {
    title: 'How is it doing?',
    text: 'State, memory, uptime, and only the buttons that Hank may press.',
    as: 'helper', channel: 'general', type: { command: 'status', options: { server: 'Castle' } },
  },
  {
    title: 'Ten thousand lines at once',
    text: 'What messages cannot carry goes out as one file. Watch the count under “The other side”: printed and shown end up equal.',
    channel: 'castle-console', troubles: [{ label: 'Flood 10,000 lines', what: 'flood-10000' }],
  },
  {
    title: 'Cut the line',
    text: 'The lines printed meanwhile come later, in order and once, or a counted notice says what is missing.',
    channel: 'castle-console',
    troubles: [{ label: 'Drop the socket', what: 'drop' }, { label: 'Restart Wings', what: 'restart-wings' }, { label: 'Crash the game', what: 'crash' }],
  },
  {
    title: 'Take the node down for a while',
    text: 'After half a minute the channel says since when there is no console, and what was missed when it is back.',
    channel: 'castle-console', troubles: [{ label: 'Node down', what: 'node-down' }, { label: 'Node up', what: 'node-up', gentle: true }],
  },
  {
    title: 'Print something nasty',
    text: 'Markup, scripts, escape codes, pings, look-alike links: all of it is just text in the channel. Addresses and tokens are masked.',
    channel: 'castle-console', troubles: [{ label: 'Print nasty lines', what: 'hostile' }],
  },
  {
    title: 'Speak in the game',
    text: 'Hank says something to the players; the console channel shows it.',
    as: 'helper', channel: 'general', type: { command: 'say', options: { message: 'Dinner is ready!', server: 'Castle' } },
  },
  {
    title: 'Ask the console',
    text: 'Olivia puts a player on the whitelist. What the game answers comes back to her, and to nobody else.',
    as: 'owner', channel: 'general', type: { command: 'command', options: { command: 'whitelist add Bob', server: 'Castle' } },
  },
  {
    title: 'Be a stranger',
    text: 'Sam has no role: no console channel, no server to pick, and a plain sentence for whatever he tries.',
    be: { label: 'Become Sam', who: 'stranger' },
  },
  {
    title: 'Is every relay healthy?',
    text: 'Age of the last line, lag, queue, losses, reconnects.',
    as: 'owner', channel: 'staff', type: { command: 'relay list', options: {} },
  },
];
