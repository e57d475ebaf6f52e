/** `kube-headroom init`: writes a commented scenario to start from. */

import { writeFileSync } from 'node:fs';

import { userError } from '../../errors.js';
import { starterScenario } from '../../scenario/starter.js';
import { EXIT } from '../exit-codes.js';
import { print, say } from '../output.js';

export function init(file: string, { force }: { readonly force?: true }): number {
  const text = starterScenario();
  if (file === '-') {
    print(text);
    return EXIT.ok;
  }
  try {
    // The flag makes "does it exist" and "write it" one step, so that nothing is lost in between.
    writeFileSync(file, text, { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST' ? userError('KH101', `${file} exists already`) : userError('KH102', message);
  }
  say(`kube-headroom: wrote ${file}; next: npx kube-headroom run ${file}`);
  return EXIT.ok;
}
