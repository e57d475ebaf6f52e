/** Finds and loads the scenarios that `validate` runs. */

import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

import { type Problem, userError, UserError } from '../errors.js';
import type { LoadOptions } from '../scenario/changes.js';
import { loadExperiment } from '../scenario/load.js';
import type { Experiment } from '../scenario/experiment.js';

/** Not .json, which a scenario may be, too: a directory with results would be full of it. */
const YAML_EXTENSIONS = new Set(['.yaml', '.yml']);

/** The experiments with expectations among `paths`; throws one UserError with the problems of all files. */
export function loadCases(paths: readonly string[], options: LoadOptions): Experiment[] {
  const problems: Problem[] = [];
  const cases: Experiment[] = [];
  // The same file by two ways is one case.
  for (const file of new Set(paths.flatMap(scenarioFiles))) {
    try {
      const experiment = loadExperiment(file, options);
      if (experiment.expectations.length > 0) cases.push(experiment);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  if (cases.length === 0) throw userError('KH103', `no scenario with an expect block in ${paths.join(', ')}`);
  return cases;
}

/** A file is itself, whatever it is called; a directory is the YAML files in it, at any depth, in a stable order. */
function scenarioFiles(path: string): string[] {
  // What does not exist goes on to the loader, which knows how to say so.
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return readdirSync(path, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return isForeign(entry.name) ? [] : scenarioFiles(join(path, entry.name));
      return YAML_EXTENSIONS.has(extname(entry.name)) ? [join(path, entry.name)] : [];
    });
}

/** Directories whose YAML files belong to other tools. */
function isForeign(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}
