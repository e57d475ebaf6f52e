import { jsonSchema } from '../../scenario/schema.js';
import { EXIT } from '../exit-codes.js';
import { print } from '../output.js';

/** `kube-headroom schema`: the JSON Schema of scenario files on standard output. */
export function schema(): number {
  print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return EXIT.ok;
}
