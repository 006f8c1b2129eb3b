/** Values of command options: what can be picked for each type, and what is wrong with what was typed. */

import { state } from './state.js';

const STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, NUMBER = 10;

const people = () => [...state.world.people, state.world.bot].map((item) => ({ label: `@${item.name}`, about: item.about, value: item.id }));
const roles = () => state.world.roles.map((item) => ({ label: `@${item.name}`, about: 'role', value: item.id }));
const SOURCES = {
  [BOOLEAN]: () => [{ label: 'True', value: true }, { label: 'False', value: false }],
  [USER]: people,
  [CHANNEL]: () => state.world.channels.map((item) => ({ label: `#${item.name}`, about: item.topic, value: item.id })),
  [ROLE]: roles,
  [MENTIONABLE]: () => [...people(), ...roles()],
};

/** Everything that can be picked for an option without asking the bot; null where one types freely. */
export function pickable(option) {
  if (option.choices) return option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
  return SOURCES[option.type]?.() ?? null;
}

/** Those that fit what was typed, the beginnings first. */
export function fitting(items, typed) {
  const wanted = typed.trim().toLowerCase().replace(/^[@#]/, '');
  const place = (item) => item.label.toLowerCase().replace(/^[@#]/, '').indexOf(wanted);
  return items.filter((item) => place(item) >= 0).sort((a, b) => place(a) - place(b)).slice(0, 25);
}

/**
 * The value of a field: what was picked, or what the typed text means.
 * @returns {{value?: any, wrong?: string}} neither for an empty one
 */
export function valueOf(option, picked, typed) {
  if (picked !== undefined) return { value: picked };
  const text = typed.trim();
  if (!text) return option.required ? { wrong: `“${option.name}” is required.` } : {};
  const items = pickable(option);
  if (items) {
    const bare = (label) => label.toLowerCase().replace(/^[@#]/, '');
    const found = items.find((item) => bare(item.label) === bare(text) || String(item.value) === text);
    return found ? { value: found.value } : { wrong: `“${option.name}”: pick one from the list.` };
  }
  if (isNumeric(option)) return numeric(option, text);
  if (option.type !== STRING) return { wrong: `“${option.name}” cannot be filled in here.` };
  if (option.min_length && text.length < option.min_length) return { wrong: `“${option.name}” needs at least ${option.min_length} characters.` };
  const longest = option.max_length ?? 6000;
  return text.length > longest ? { wrong: `“${option.name}” may have ${longest} characters at most.` } : { value: text };
}

/** Whether an option takes digits only. */
export const isNumeric = (option) => (option.type === INTEGER || option.type === NUMBER) && !option.choices;

/** The sentence for letters where digits belong, which no further typing can put right; '' where all is well so far. */
export function misspelt(option, text) {
  if (!isNumeric(option) || /^[+-]?$/.test(text.trim())) return '';
  const shape = option.type === INTEGER ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)$/;
  return shape.test(text.trim()) ? '' : `“${option.name}” is a ${option.type === INTEGER ? 'whole ' : ''}number.`;
}

function numeric(option, text) {
  const wrong = misspelt(option, text);
  if (wrong) return { wrong };
  const number = Number(text);
  if (Number.isNaN(number) || Math.abs(number) > Number.MAX_SAFE_INTEGER) return { wrong: `“${option.name}” is no number that can be sent.` };
  if (number < (option.min_value ?? -Infinity)) return { wrong: `“${option.name}” is at least ${option.min_value}.` };
  if (number > (option.max_value ?? Infinity)) return { wrong: `“${option.name}” is at most ${option.max_value}.` };
  return { value: number };
}

/** How a value is written: ids as names. */
export function labelOf(option, value) {
  return pickable(option)?.find((item) => item.value === value)?.label ?? String(value);
}

/** Splits `role:@helpers allow:view, start` into its options, by the names that the command has. */
export function parseOptions(command, text) {
  const names = command.options.map((option) => option.name);
  const found = {};
  const mark = new RegExp(`(?:^|\\s)(${names.join('|')}):`, 'g');
  const places = names.length ? [...text.matchAll(mark)] : [];
  places.forEach((place, index) => {
    found[place[1]] = text.slice(place.index + place[0].length, places[index + 1]?.index ?? text.length).trim();
  });
  return found;
}
