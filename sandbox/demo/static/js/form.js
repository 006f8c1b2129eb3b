/** A form (modal) that the bot opens: its fields, their limits, and what is wrong with them before it is sent. */

import { byId, el, fresh } from './dom.js';
import { ask } from './socket.js';
import { state } from './state.js';

/** @param {any} form @param {(answer: any) => Promise<string|null>} answered */
export function openForm(form, answered) {
  const head = fresh('form');
  const problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  const inputs = form.fields.map(field);
  const send = el('button', { type: 'submit', class: 'button primary', text: 'Submit', data: { testid: 'form-submit' } });
  const body = el('form', { method: 'dialog', novalidate: true, autocomplete: 'off' },
    el('h2', { id: head, text: form.title }), helper(inputs), ...inputs.map((input) => input.node), problem,
    el('p', { class: 'warning', data: { testid: 'form-warning' } }, 'This form will be submitted to ', el('strong', { text: state.world.bot.name }),
      '. Do not share passwords or other sensitive information.'),
    el('footer', {}, el('button', { type: 'button', class: 'button secondary', text: 'Cancel', on: { click: () => dialog.close() } }), send));
  const dialog = el('dialog', { class: 'form', 'aria-labelledby': head, data: { testid: 'form' } }, body);
  body.addEventListener('submit', async (event) => {
    event.preventDefault();
    const wrong = inputs.filter((input) => !input.check());
    if (wrong.length) { wrong[0].control.focus(); return; }
    send.disabled = true;
    const values = Object.fromEntries(inputs.map((input) => [input.id, input.value()]));
    const answer = await ask('submit', { reply: form.reply, values });
    send.disabled = false;
    if (!answer.refused && !answer.failed) dialog.close();
    const sentence = await answered(answer);
    problem.textContent = answer.failed ? 'Something went wrong. Try again.' : sentence ?? '';
    problem.hidden = !sentence;
  });
  const before = document.activeElement;
  dialog.addEventListener('close', () => { dialog.remove(); (before?.isConnected ? before : byId('log')).focus(); });
  document.body.append(dialog);
  dialog.showModal();
  inputs[0]?.control.focus();
}

/** The demo's own help, for fields whose values it knows: the form covers the guide, where they could be copied. */
function helper(inputs) {
  const known = state.tour.steps.flatMap((step) => step.copy ?? []).filter((item) => inputs.some((input) => input.id === item.field));
  if (!known.length) return null;
  const fill = () => {
    for (const item of known) {
      const input = inputs.find((each) => each.id === item.field);
      input.control.value = item.value;
      input.check();
    }
    inputs.find((input) => !input.control.value)?.control.focus();
  };
  const names = known.map((item) => ({ url: 'address', api_key: 'key' }[item.field] ?? item.label));
  return el('p', { class: 'helper' }, 'Only in this demo: ',
    el('button', { type: 'button', class: 'button secondary small', text: `Fill in ${names.length > 1 ? '' : 'the '}${names.join(' and ')}`, data: { testid: 'form-fill' }, on: { click: fill } }));
}

/** One field: its element, its value, and a check that says beside it what is wrong. */
function field(item) {
  const id = fresh('field');
  const error = el('p', { class: 'error', id: `${id}-error`, hidden: true });
  const common = {
    id, 'aria-describedby': `${id}-hint ${id}-error`, 'aria-required': String(item.required), data: { testid: `field-${item.id}` },
  };
  const control = item.kind === 'select' ? menu(item, common)
    : el(item.paragraph ? 'textarea' : 'input', {
      ...common, value: item.value, placeholder: item.placeholder, maxlength: item.max, type: item.paragraph ? null : 'text',
      rows: item.paragraph ? '4' : null, spellcheck: 'false', autocapitalize: 'off', dir: 'auto',
    });
  const value = () => (item.kind === 'select' ? [...control.selectedOptions].map((option) => option.value) : control.value);
  const check = () => {
    const text = item.kind === 'select' ? value().join('') : control.value;
    let wrong = '';
    if (item.required && !text.trim()) wrong = 'This field is required.';
    else if (text && text.length < item.min) wrong = `At least ${item.min} characters, please.`;
    error.textContent = wrong;
    error.hidden = !wrong;
    control.toggleAttribute('aria-invalid', Boolean(wrong));
    return !wrong;
  };
  control.addEventListener('input', () => { if (!error.hidden) check(); });
  const node = el('div', { class: 'field' },
    el('label', { for: id }, item.label, item.required && el('span', { class: 'star', 'aria-hidden': 'true', text: ' *' })),
    el('p', { class: 'hint', id: `${id}-hint`, text: item.hint, hidden: !item.hint }), control, error);
  return { id: item.id, node, control, value, check };
}

function menu(item, common) {
  const options = item.options.map((option) => el('option', { value: option.value, text: option.label, selected: option.default }));
  return el('select', common, ...options);
}
