/** Builds elements without ever parsing markup: everything that comes from outside becomes text. */

/**
 * @param {string} tag
 * @param {Object<string, any>} [props] class, text, on (events), data (data-*), or any attribute; null and false leave it out
 * @param {...(Node|string|null|undefined|false)} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') node.className = value;
    else if (name === 'text') node.textContent = value;
    else if (name === 'on') for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => document.getElementById(id);

/** Runs `work` in the next frame, once, however often it is asked for until then. */
export function batched(work) {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    // A hidden tab has no frames; a timer keeps it from falling behind for ever.
    const run = () => { planned = false; work(); };
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}

let counter = 0;
/** An id that no other element has. */
export const fresh = (prefix) => `${prefix}-${++counter}`;

/** A number from 0 to `count - 1` that is always the same for the same text: picks colours. */
export function pick(text, count) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum % count;
}
