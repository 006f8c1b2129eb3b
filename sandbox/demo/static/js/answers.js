/** What to do with the answer to something a person did: a form opens, or a sentence says why not. */

import { openForm } from './form.js';

/** @param {any} answer @returns {Promise<string|null>} the sentence to show where it was done, null if all is well */
export async function answered(answer) {
  if (answer.refused) return answer.refused;
  if (answer.failed) return 'The application did not respond';
  if (answer.form) openForm(answer.form, answered);
  return null;
}
