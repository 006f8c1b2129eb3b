/** The list above the command line: one list box that whoever has the keyboard fills, moves in and picks from. */

import { el } from './dom.js';

const ID = 'completions';

/** @typedef {{label: string, about?: string, extra?: string, value: any}} Item */

export class Popup {
  constructor() {
    this.head = el('p', { class: 'popup-head', hidden: true });
    this.list = el('ul', { id: ID, role: 'listbox', 'aria-label': 'Suggestions', data: { testid: 'completions' } });
    this.node = el('div', { class: 'popup', hidden: true }, this.head, this.list);
    this.items = [];
    this.active = -1;
    this.owner = null;
    this.onPick = () => {};
    // Pressing the mouse must not take the keyboard away from the line.
    this.node.addEventListener('mousedown', (event) => event.preventDefault());
  }

  get open() { return !this.node.hidden; }

  /** Makes an input the list's owner: what assistive technology needs to hear of the active entry. */
  static prepare(input) {
    for (const [name, value] of Object.entries({
      role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': ID, 'aria-haspopup': 'listbox',
    })) input.setAttribute(name, value);
  }

  /**
   * @param {HTMLInputElement} owner @param {string} head @param {Item[]} items
   * @param {number} active index, -1 for none @param {(item: Item) => void} onPick
   */
  show(owner, head, items, active, onPick) {
    if (this.owner !== owner) this.hide();
    this.owner = owner;
    this.onPick = onPick;
    this.items = items;
    this.head.textContent = head;
    this.head.hidden = !head;
    this.list.replaceChildren(...items.map((item, index) => this.#row(item, index)));
    this.node.hidden = !items.length && !head;
    owner.setAttribute('aria-expanded', String(items.length > 0));
    this.#mark(Math.min(active, items.length - 1));
  }

  hide() {
    this.node.hidden = true;
    this.items = [];
    this.active = -1;
    this.owner?.setAttribute('aria-expanded', 'false');
    this.owner?.removeAttribute('aria-activedescendant');
    this.owner = null;
  }

  /** Goes up or down, round the ends. */
  move(step) {
    const count = this.items.length;
    if (count) this.#mark(this.active < 0 ? (step > 0 ? 0 : count - 1) : (this.active + step + count) % count);
  }

  /** Takes the active entry; false when there is none. */
  pick() {
    const item = this.items[this.active];
    if (!this.open || !item) return false;
    this.onPick(item);
    return true;
  }

  #row(item, index) {
    return el('li', { id: `${ID}-${index}`, role: 'option', 'aria-selected': 'false', on: { click: () => { this.#mark(index); this.pick(); } } },
      el('span', { class: 'row-label', dir: 'auto', text: item.label }),
      item.extra && el('span', { class: 'row-extra', text: item.extra }),
      item.about && el('span', { class: 'row-about', dir: 'auto', text: item.about }));
  }

  #mark(index) {
    this.active = index;
    [...this.list.children].forEach((row, each) => row.setAttribute('aria-selected', String(each === index)));
    const row = this.list.children[index];
    if (row) { this.owner.setAttribute('aria-activedescendant', row.id); row.scrollIntoView({ block: 'nearest' }); }
    else this.owner?.removeAttribute('aria-activedescendant');
  }
}
