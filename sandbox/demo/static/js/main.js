/** Starts the page: every part finds its place, then the news come in. */

import { initComposer } from './composer.js';
import { byId } from './dom.js';
import { initGuide } from './guide.js';
import { change, drawSoon, initMessages, showChannel } from './messages.js';
import { initOther, printed } from './other.js';
import { initPlaces } from './places.js';
import { connect } from './socket.js';
import { state, touch } from './state.js';
import { initViews, isNarrow, show } from './views.js';

const REQUESTS = 60;
let isFirst = true;

// The key has done its work; it need not stay in the address line.
if (location.search) history.replaceState(null, '', '/');

initViews();
initPlaces();
initMessages();
initComposer();
initGuide();
initOther();

connect((news) => {
  const parts = ['world', 'commands', 'servers', 'tour', 'bot', 'requests'].filter((part) => part in news);
  for (const part of parts) {
    state[part] = part === 'requests' ? [...state.requests, ...news.requests].slice(-REQUESTS) : news[part];
  }
  if (news.channel) { showChannel(news.channel); state.unread.delete(news.channel.id); touch('channel'); }
  if (news.messages) change(news.messages, news.gone);
  if (news.unread) { for (const id of news.unread) state.unread.add(id); touch('unread'); }
  for (const part of parts) touch(part);
  // On a phone the guide is out of sight: a visitor who has done nothing yet begins there.
  if (isFirst && news.tour && isNarrow() && !news.tour.steps.some((step) => step.done)) show('guide');
  isFirst = false;
  if (news.console) printed(news.console.server, news.console.lines, 0, true);
  if (news.printed) printed(news.printed.server, news.printed.lines, news.printed.skipped, false);
  if (news.world) drawSoon();
  document.body.dataset.ready = state.bot.state === 'ready' ? 'yes' : 'no';
}, (connected) => {
  state.connected = connected;
  if (connected) state.requests = [];
  const banner = byId('banner');
  banner.hidden = connected;
  banner.textContent = connected ? '' : 'The demo has ended. If you start it again, open the address that it prints.';
});
