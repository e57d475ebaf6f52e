/** From findings, which have a path in the data, to problems, which have a place in the file or name an option. */

import { type Problem, UserError } from '../errors.js';
import { quote } from '../units.js';
import type { SourceDocument } from './document.js';
import { type Finding, formatPath, type Path, startsWith } from './findings.js';

/** Where a value that is not the file's own came from. */
export type Origin =
  | { readonly kind: 'command line'; readonly option: string }
  /** The entry of a variant's `set`, by its path in the file. */
  | { readonly kind: 'variant'; readonly entry: Path };

interface PlacedChange {
  readonly path: Path;
  readonly origin: Origin;
}

/** A finding; `origin` when it is known to be the fault of a change. */
export type LocatedFinding = Finding & { readonly origin?: Origin };

/** To find the place of a finding takes time in proportion to the file; a file with more mistakes is no scenario. */
const MAX_FINDINGS = 1000;

/** Collects problems, finds their places, and puts them in the order of the file. */
export class ProblemList {
  readonly #document: SourceDocument;
  readonly #problems: Problem[] = [];

  constructor(document: SourceDocument) {
    this.#document = document;
  }

  /** A mistake of an option or of the entry of a variant as a whole. */
  add(finding: Finding, origin: Origin): void {
    this.#push({ ...finding, origin }, [], null);
  }

  /** `variant` is named where the baseline does not have the problem. */
  addAll(findings: readonly LocatedFinding[], changes: readonly PlacedChange[], variant: string | null): void {
    for (const finding of findings.slice(0, MAX_FINDINGS)) this.#push(finding, changes, variant);
  }

  throwIfAny(): void {
    if (this.#problems.length === 0) return;
    throw new UserError(this.#problems.toSorted(byPlace));
  }

  #push(finding: LocatedFinding, changes: readonly PlacedChange[], variant: string | null): void {
    const { code, path, suggestion } = finding;
    // The last change at or above the path made the value that is there. What the file does not have, one below it made.
    const change =
      changes.findLast((candidate) => startsWith(path, candidate.path)) ??
      (this.#document.has(path) ? undefined : changes.findLast((candidate) => startsWith(candidate.path, path)));
    const origin = finding.origin ?? change?.origin;
    const message = `${subject(finding)}${finding.message}`;
    if (origin?.kind === 'command line') {
      this.#problems.push({
        code,
        file: null,
        line: null,
        column: null,
        message: `${origin.option}: ${message}`,
        suggestion,
        excerpt: null,
      });
    } else if (origin?.kind === 'variant') {
      const below = change === undefined ? [] : path.slice(change.path.length);
      const at = finding.origin !== undefined || finding.atKey === true ? 'key' : 'value';
      this.#problems.push(this.#document.problemAt([...origin.entry, ...below], at, { code, message, suggestion }));
    } else {
      const inVariant = variant === null ? '' : `in variant ${quote(variant)}: `;
      const at = finding.atKey === true ? 'key' : 'value';
      this.#problems.push(this.#document.problemAt(path, at, { code, message: `${inVariant}${message}`, suggestion }));
    }
  }
}

const byPlace = (a: Problem, b: Problem): number => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** What a message is about: the field, unless the message names it itself. */
const subject = ({ path, atKey }: Finding): string => {
  if (atKey === true) return path.length > 1 ? `${formatPath(path.slice(0, -1))}: ` : '';
  return path.length > 0 ? `${formatPath(path)}: ` : '';
};
