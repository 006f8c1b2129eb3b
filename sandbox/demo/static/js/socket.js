/** The one websocket to the demo: news come in, wishes go out and are answered by number; it comes back by itself. */

let socket = null;
let number = 0;
let pause = 500;
/** @type {Map<number, (answer: any) => void>} */
const waiting = new Map();

/**
 * @param {(news: any) => void} onNews
 * @param {(connected: boolean) => void} onState
 */
export function connect(onNews, onState) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.addEventListener('open', () => { pause = 500; onState(true); });
  socket.addEventListener('message', (event) => {
    const body = JSON.parse(event.data);
    if (body.t !== 'done') { onNews(body); return; }
    waiting.get(body.n)?.(body);
    waiting.delete(body.n);
  });
  socket.addEventListener('close', () => {
    for (const answer of waiting.values()) answer({ refused: 'The demo is not there.' });
    waiting.clear();
    onState(false);
    setTimeout(() => connect(onNews, onState), pause);
    pause = Math.min(pause * 2, 5000);
  });
}

/** Asks for something; the answer may hold `refused` (a sentence), `failed`, `form`, and what else belongs to it. */
export function ask(what, fields = {}) {
  return new Promise((resolve) => {
    if (socket?.readyState !== WebSocket.OPEN) { resolve({ refused: 'The demo is not there.' }); return; }
    const n = ++number;
    waiting.set(n, resolve);
    socket.send(JSON.stringify({ do: what, n, ...fields }));
  });
}
