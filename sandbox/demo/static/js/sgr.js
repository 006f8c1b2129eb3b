/**
 * What an SGR sequence (`ESC [ … m`) makes of a pen, in the eight colours of Discord.
 *
 * The same rule as the bot's (`bot/text/sgr.py`), so that both sides of the page draw a line in the same colours:
 * a bright colour is the base colour in bold, one of 256 or of millions is the nearest of eight.
 */

/** @typedef {{bold: boolean, bright: boolean, under: boolean, fg: number|null, bg: number|null}} Pen colours are 0-7 */

export const PLAIN = Object.freeze({ bold: false, bright: false, under: false, fg: null, bg: null });
const MOST_PARAMETERS = 32;
const LEVELS = [0, 95, 135, 175, 215, 255];
/** The common VGA values, dark and bright, of which two each stand for one colour. */
const SHADES = [[170, 0], [170, 85]].flatMap(([high, low]) => Array.from({ length: 8 }, (_, colour) => (
  { colour, rgb: [0, 1, 2].map((bit) => ((colour >> bit) & 1) * high + low) })));

/** @param {Pen} pen @param {string} parameters @returns {Pen} unknown and malformed parameters change nothing */
export function apply(pen, parameters) {
  const groups = parameters.split(';').slice(0, MOST_PARAMETERS).map((part) => part.split(':').map(numeral));
  let found = { ...pen };
  for (let index = 0; index < groups.length; index += 1) {
    const [head, ...rest] = groups[index];
    if (head !== 38 && head !== 48 && head !== 58) { found = simple(found, head, rest[0]); continue; }
    let values = rest;
    if (!values.length) {
      const kind = groups[index + 1]?.[0] ?? 0;
      const count = { 5: 1, 2: 3 }[kind] ?? 0;
      values = groups.slice(index + 1, index + 2 + count).map((group) => group[0]);
      index += 1 + count;
    }
    const colour = extended(values);
    if (colour && head === 38) Object.assign(found, { fg: colour.base, bright: colour.bright });
    if (colour && head === 48) found.bg = colour.base;
  }
  return found;
}

const numeral = (text) => (/^\d{1,4}$/.test(text) ? Number(text) : 0);

function extended(values) {
  if (values[0] === 5 && values.length > 1) return indexed(values[1]);
  if (values[0] !== 2 || values.length < 4) return null;
  // With colons there may be a colour space before the three values, and tolerances behind them.
  return { base: nearest(values.length > 4 ? values.slice(2, 5) : values.slice(1, 4)), bright: false };
}

function indexed(number) {
  if (number < 16) return { base: number % 8, bright: number >= 8 };
  if (number > 255) return null;
  const cube = number - 16;
  const grey = 8 + 10 * (number - 232);
  const rgb = number < 232 ? [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => LEVELS[level]) : [grey, grey, grey];
  return { base: nearest(rgb), bright: false };
}

function nearest(rgb) {
  const distance = (shade) => shade.rgb.reduce((sum, part, index) => sum + (part - rgb[index]) ** 2, 0);
  return SHADES.reduce((best, shade) => (distance(shade) < distance(best) ? shade : best)).colour;
}

function simple(pen, number, argument) {
  if (number === 0) return { ...PLAIN };
  if (number >= 30 && number <= 39) return { ...pen, fg: number === 39 ? null : number - 30, bright: false };
  if (number >= 40 && number <= 49) return { ...pen, bg: number === 49 ? null : number - 40 };
  if (number >= 90 && number <= 97) return { ...pen, fg: number - 90, bright: true };
  if (number >= 100 && number <= 107) return { ...pen, bg: number - 100 };
  if (number === 1 || number === 22) return { ...pen, bold: number === 1 };
  if (number === 4 || number === 21 || number === 24) return { ...pen, under: number !== 24 && argument !== 0 };
  return pen;
}
