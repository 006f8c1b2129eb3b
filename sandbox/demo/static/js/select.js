/** A select menu under a message: a list that opens, with the keyboard of a list box, for one or many choices. */

import { el, fresh } from './dom.js';
import { state } from './state.js';

const SOURCES = {
  5: () => state.world.people.map((item) => ({ value: item.id, label: `@${item.name}` })),
  6: () => state.world.roles.map((item) => ({ value: item.id, label: `@${item.name}` })),
  7: () => [...SOURCES[5](), ...SOURCES[6]()],
  8: () => state.world.channels.map((item) => ({ value: item.id, label: `#${item.name}` })),
};

/** @param {any} item the component @param {(values: string[]) => void} choose */
export function select(item, choose) {
  const options = item.options ?? SOURCES[item.type]?.() ?? [];
  const least = item.min_values ?? 1;
  const many = (item.max_values ?? 1) > 1 || least === 0;
  const chosen = new Set(options.filter((option) => option.default).map((option) => option.value));
  const id = fresh('select');
  const placeholder = item.placeholder || 'Make a selection';
  const opener = el('button', {
    type: 'button', class: 'select-opener', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', 'aria-controls': id, disabled: item.disabled,
    data: { testid: 'select', key: item.custom_id },
  });
  const list = el('ul', { id, role: 'listbox', class: 'select-list', tabindex: '-1', 'aria-label': placeholder, 'aria-multiselectable': many ? 'true' : null });
  const done = el('button', { type: 'button', class: 'button primary small', text: 'Done', data: { testid: 'select-done' } });
  const pop = el('div', { class: 'select-pop', hidden: true }, list, many && done);
  let active = 0;

  const label = () => {
    const names = options.filter((option) => chosen.has(option.value)).map((option) => option.label);
    opener.textContent = names.length ? names.join(', ') : placeholder;
  };
  const rows = options.map((option, index) => el('li', {
    id: `${id}-${index}`, role: 'option', 'aria-selected': String(chosen.has(option.value)),
    on: { click: () => { active = index; toggle(); }, mousemove: () => { active = index; mark(); } },
  }, many && el('span', { class: 'check', 'aria-hidden': 'true' }), el('span', { class: 'option-label', dir: 'auto', text: option.label }),
  option.description && el('span', { class: 'dim', dir: 'auto', text: option.description })));
  list.append(...rows);

  const mark = () => {
    rows.forEach((row, index) => row.classList.toggle('active', index === active));
    list.setAttribute('aria-activedescendant', `${id}-${active}`);
  };
  const close = (send) => {
    if (pop.hidden) return;
    pop.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
    opener.focus();
    if (send && chosen.size >= least) choose([...chosen]);
  };
  const toggle = () => {
    const option = options[active];
    if (!many) chosen.clear();
    if (chosen.has(option.value)) chosen.delete(option.value);
    else if (chosen.size < (item.max_values ?? 1)) chosen.add(option.value);
    rows.forEach((row, index) => row.setAttribute('aria-selected', String(chosen.has(options[index].value))));
    label();
    if (!many) close(true);
  };
  const open = () => {
    pop.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    mark();
    list.focus();
    pop.scrollIntoView({ block: 'nearest' });
  };
  opener.addEventListener('click', () => (pop.hidden ? open() : close(false)));
  done.addEventListener('click', () => close(true));
  list.addEventListener('keydown', (event) => {
    const moves = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: options.length - 1 };
    if (event.key in moves) { active = Math.max(0, Math.min(options.length - 1, moves[event.key])); mark(); rows[active].scrollIntoView({ block: 'nearest' }); }
    else if (event.key === ' ' || (event.key === 'Enter' && !many)) toggle();
    else if (event.key === 'Enter') close(true);
    else if (event.key === 'Escape') close(false);
    else return;
    event.preventDefault();
  });
  const box = el('div', { class: 'select' }, opener, pop);
  box.addEventListener('focusout', (event) => { if (!box.contains(event.relatedTarget) && event.relatedTarget) close(false); });
  label();
  return box;
}
