/** Which part is in sight on a narrow screen, the two tabs at the right, and light or dark. */

import { byId } from './dom.js';

const TABS = ['guide', 'panel'];
const KEY = 'wingcord-demo-theme';

const narrow = matchMedia('(max-width: 940px)');

/** Whether only one part fits on the screen. */
export const isNarrow = () => narrow.matches;

/** Says at the button of a part that is out of sight that there is news in it; looking at it takes that back. */
export function tellOf(view, news) {
  if (document.body.dataset.view !== view) viewButton(view).setAttribute('aria-description', news);
}

const viewButton = (view) => byId('views').querySelector(`[data-view=${view}]`);

/** Shows a part: places, chat, guide or panel. */
export function show(view) {
  viewButton(view).removeAttribute('aria-description');
  document.body.dataset.view = view;
  for (const button of byId('views').children) {
    if (button.dataset.view === view) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  if (TABS.includes(view)) selectTab(view);
  markMain();
}

/** Where the chat is out of sight, what is there instead is the page's main part: those who cannot see jump to it. */
function markMain() {
  const { view } = document.body.dataset;
  const inSight = isNarrow() && { places: 'places', guide: 'side', panel: 'side' }[view];
  for (const [id, role] of Object.entries({ places: 'region', side: 'complementary' })) {
    byId(id).setAttribute('role', id === inSight ? 'main' : role);
  }
}

function selectTab(name) {
  for (const tab of TABS) {
    const isOn = tab === name;
    byId(`tab-${tab}`).setAttribute('aria-selected', String(isOn));
    byId(`tab-${tab}`).tabIndex = isOn ? 0 : -1;
    byId(tab).hidden = !isOn;
  }
}

/** Makes tabs, views and the theme button work. */
export function initViews() {
  narrow.addEventListener('change', markMain);
  for (const button of byId('views').children) button.addEventListener('click', () => show(button.dataset.view));
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.addEventListener('click', () => selectTab(tab));
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      const other = TABS[1 - TABS.indexOf(tab)];
      selectTab(other);
      byId(`tab-${other}`).focus();
    });
  }
  const saved = localStorage.getItem(KEY);
  if (saved) document.documentElement.dataset.theme = saved;
  drawTheme();
  byId('theme').addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEY, next);
    drawTheme();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawTheme);
}

const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';

function drawTheme() {
  byId('theme').textContent = isDark() ? '☀' : '☾';
  byId('theme').setAttribute('aria-label', isDark() ? 'Change to light' : 'Change to dark');
}
