/** One option of the command being typed: a chip with its name and an input, suggestions from the bot or the guild. */

import { el, fresh } from './dom.js';
import { Popup } from './popup.js';
import { ask } from './socket.js';
import { fitting, isNumeric, labelOf, misspelt, pickable, valueOf } from './values.js';

const DEBOUNCE_MS = 140;

export class OptionField {
  /**
   * @param {any} option @param {string} command its full name @param {Popup} popup
   * @param {{others: (self: OptionField) => any, next: (self: OptionField) => void, complete: () => boolean, send: () => void, jump: (self: OptionField) => boolean, back: (self: OptionField) => void, say: (sentence: string) => void, cancel: () => void}} line
   */
  constructor(option, command, popup, line) {
    this.option = option;
    this.command = command;
    this.popup = popup;
    this.line = line;
    this.picked = undefined;
    this.asked = 0;
    const id = fresh('option');
    this.input = el('input', {
      id, type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', dir: 'auto', size: 6,
      // No keyboard of digits where a sign may be needed: some phones show none there.
      inputmode: isNumeric(option) && option.min_value >= 0 ? 'numeric' : null,
      'aria-required': String(option.required), 'aria-description': option.about, data: { testid: `option-${option.name}` },
    });
    Popup.prepare(this.input);
    this.node = el('span', { class: `chip${option.required ? ' required' : ''}` }, el('label', { for: id, text: option.name }), this.input);
    this.input.addEventListener('input', (event) => {
      this.picked = undefined;
      this.clean();
      // Whoever types or pastes `name:` goes on in the option of that name.
      if ((this.input.value.endsWith(':') || event.inputType === 'insertFromPaste') && line.jump(this)) return;
      const wrong = misspelt(option, this.input.value);
      if (wrong) this.complain(wrong);
      line.say(wrong);
      this.grow();
      this.suggest();
    });
    this.input.addEventListener('focus', () => this.suggest());
    this.input.addEventListener('blur', () => {
      this.popup.hide();
      clearTimeout(this.timer);
      this.asked += 1;
      const { wrong } = this.result();
      if (wrong && this.input.value) this.complain(wrong);
    });
    this.input.addEventListener('keydown', (event) => this.key(event));
  }

  /** Sets a value, given as the bot needs it or as a person writes it: what it means is what typing it would mean. */
  fill(value) {
    this.picked = value === '' ? undefined : valueOf(this.option, undefined, String(value)).value;
    this.input.value = labelOf(this.option, this.picked ?? value);
    this.clean();
    this.grow();
  }

  result() { return valueOf(this.option, this.picked, this.input.value); }

  complain(sentence) {
    this.node.classList.add('wrong');
    this.input.setAttribute('aria-invalid', 'true');
    this.input.title = sentence;
  }

  clean() {
    this.node.classList.remove('wrong');
    this.input.removeAttribute('aria-invalid');
    this.input.removeAttribute('title');
  }

  grow() { this.input.size = Math.max(6, Math.min(40, this.input.value.length + 1)); }

  suggest() {
    const typed = this.picked === undefined ? this.input.value : '';
    const items = pickable(this.option);
    const number = ++this.asked;
    clearTimeout(this.timer);
    if (items) { this.show(fitting(items, typed)); return; }
    if (!this.option.suggests) { this.show([]); return; }
    this.timer = setTimeout(async () => {
      const options = this.line.others(this);
      const answer = await ask('suggest', { command: this.command, option: this.option.name, typed: this.input.value, options });
      if (number !== this.asked || document.activeElement !== this.input) return;
      this.show((answer.choices ?? []).map((choice) => ({ label: choice.name, value: choice.value })));
    }, typed ? DEBOUNCE_MS : 0);
    if (this.popup.owner !== this.input) this.show([]);
  }

  show(items) {
    const isChosen = this.picked !== undefined;
    // What is already there stays with Enter; an empty optional field is no wish for the first suggestion.
    const active = !isChosen && (this.input.value.trim() || this.option.required) ? 0 : -1;
    const rows = isChosen && items.length === 1 ? [] : items;
    this.popup.show(this.input, `${this.option.name}: ${this.option.about}`, rows, active, (item) => this.pick(item));
  }

  pick(item) {
    this.picked = item.value;
    this.input.value = item.label;
    this.grow();
    this.clean();
    this.popup.hide();
    this.line.next(this);
  }

  /** Takes the suggestion; sends when there is none, or when it is what was typed anyway and nothing else is missing. */
  enter() {
    const same = this.popup.items[this.popup.active]?.label.toLowerCase() === this.input.value.trim().toLowerCase();
    const picked = this.popup.owner === this.input && this.popup.pick();
    if (!picked || (same && this.line.complete())) this.line.send();
  }

  key(event) {
    if (event.isComposing) return;
    const { popup } = this;
    if (event.key === 'ArrowDown') popup.move(1);
    else if (event.key === 'ArrowUp') popup.move(-1);
    else if (event.key === 'Tab' && !event.shiftKey && popup.active >= 0 && popup.items.length) popup.pick();
    else if (event.key === 'Enter') this.enter();
    else if (event.key === 'Escape') { if (popup.items.length) popup.hide(); else this.line.cancel(); }
    else if (event.key === 'Backspace' && !this.input.value) this.line.back(this);
    else return;
    event.preventDefault();
  }
}
