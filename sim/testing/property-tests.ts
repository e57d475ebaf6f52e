/**
 * Set-up of all property tests: the same cases in every run, so that a change is judged by what it changes and not by luck.
 * KUBE_HEADROOM_TEST_SEED=<number> looks at other cases, and prints the seed with whatever it finds.
 */

import * as fc from 'fast-check';

const seed = Number(process.env['KUBE_HEADROOM_TEST_SEED'] ?? 1);

fc.configureGlobal({ seed });
