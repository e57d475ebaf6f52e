/**
 * A YAML text as plain data that still knows where in the text each value stands. JSON is YAML, so JSON files work too.
 *
 * The parser is kept from the inputs that would hurt it: nesting that overflows its stack, keys whose comparison takes
 * quadratic time, aliases that multiply.
 */

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';

import type { ErrorCode, Problem } from '../errors.js';
import { quote } from '../units.js';
import { type Path, valueAt } from './findings.js';

/** A real scenario has six levels. */
const MAX_NESTING = 64;
/** Aliases in a document, and the copies that one of them may multiply to. */
const MAX_ALIAS_COUNT = 50;
const EXCERPT_WIDTH = 100;

export interface SourceDocument {
  readonly value: unknown;
  /** Problems of the syntax. When there are any, `value` is not to be used. */
  readonly problems: readonly Problem[];
  /** Whether the text has something at the path. */
  readonly has: (path: Path) => boolean;
  /** Makes a problem at the value (or the key) that the path leads to, or at the nearest one above it. */
  readonly problemAt: (
    path: Path,
    at: 'key' | 'value',
    what: Pick<Problem, 'code' | 'message' | 'suggestion'>,
  ) => Problem;
}

/** `file` is null for a text from the command line. */
export const parseSource = (text: string, file: string | null): SourceDocument => {
  const lineCounter = new LineCounter();
  const problemAtOffset = (
    offset: number,
    { code, message, suggestion }: Pick<Problem, 'code' | 'message' | 'suggestion'>,
  ): Problem => {
    if (file === null) return { code, file, line: null, column: null, message, suggestion, excerpt: null };
    const { line, col } = lineCounter.linePos(offset);
    const lineStart = lineCounter.lineStarts[line - 1] ?? 0;
    return { code, file, line, column: col, message, suggestion, excerpt: excerptOf(text, lineStart, line, col) };
  };

  const tooDeepAt = offsetOfExcessiveNesting(text);
  if (tooDeepAt !== null) {
    // The parser, which would count the lines, must not see this text.
    lineCounter.addNewLine(0);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineCounter.addNewLine(at + 1);
    const message = `brackets or lists are more than ${MAX_NESTING} levels deep`;
    const problem = problemAtOffset(tooDeepAt, { code: 'KH008', message, suggestion: null });
    return { value: undefined, problems: [problem], has: () => false, problemAt: () => problem };
  }

  // uniqueKeys would compare every key with every other; the visitor below needs one pass.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  const problems: Problem[] = [];
  const report: Report = (offset, code, message, suggestion = null) => {
    problems.push(problemAtOffset(offset, { code, message, suggestion }));
  };
  reportSyntax(document, report);
  if (problems.length === 0) reportStructure(document, lineCounter, report);
  const value: unknown = problems.length === 0 ? dataOf(document, report) : undefined;

  const nodeAt = (path: Path, at: 'key' | 'value'): Node | null => {
    let node: unknown = document.contents;
    let mark: Node | null = document.contents;
    for (const [place, segment] of path.entries()) {
      if (isMap(node)) {
        const pair: Pair | undefined = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
        if (pair === undefined) break;
        node = pair.value;
        // Mappings, lists and nothing at all are best shown by their key.
        const isShown = (isScalar(node) && node.value !== null) || isAlias(node);
        const marked: unknown = isShown && !(at === 'key' && place === path.length - 1) ? node : pair.key;
        if (isNode(marked)) mark = marked;
      } else if (isSeq(node) && typeof segment === 'number') {
        node = node.items[segment];
        if (isNode(node)) mark = node;
      } else break;
    }
    return mark;
  };

  return {
    value,
    problems,
    has: (path) => valueAt(value, path) !== undefined,
    problemAt: (path, at, what) => {
      const node = nodeAt(path, at);
      return problemAtOffset(node === null ? 0 : startOf(node), what);
    },
  };
};

type Report = (offset: number, code: ErrorCode, message: string, suggestion?: string | null) => void;

const reportSyntax = ({ errors, warnings }: Document.Parsed, report: Report): void => {
  // What follows a syntax error is often only its consequence.
  for (const { code, pos, message } of errors.length > 0 ? errors.slice(0, 1) : warnings) {
    if (code === 'MULTIPLE_DOCS') report(pos[0], 'KH007', 'a second YAML document starts here');
    else if (code === 'TAB_AS_INDENT') report(pos[0], 'KH005', 'a tab as indentation', 'indent with spaces');
    else if (code === 'RESOURCE_EXHAUSTION') report(pos[0], 'KH008', 'the nesting is too deep');
    else report(pos[0], 'KH005', `YAML syntax: ${firstLine(message)}`);
  }
};

/** Aliases that lead nowhere or in a circle, and keys that are given twice. */
const reportStructure = (document: Document.Parsed, lineCounter: LineCounter, report: Report): void => {
  let aliases = 0;
  visit(document, {
    Alias: (_, alias, ancestors) => {
      // Each resolution walks through the document.
      if (++aliases > MAX_ALIAS_COUNT) {
        report(startOf(alias), 'KH008', `there are more than ${MAX_ALIAS_COUNT} aliases`);
        return visit.BREAK;
      }
      const target = alias.resolve(document);
      if (target === undefined) {
        report(startOf(alias), 'KH005', `the alias "*${alias.source}" has no anchor "&${alias.source}" before it`);
      } else if (ancestors.includes(target)) {
        report(startOf(alias), 'KH008', `the alias "*${alias.source}" stands inside its own anchor`);
      }
      return undefined;
    },
    Map: (_, map) => {
      const seen = new Map<string, Node>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const first = seen.get(name);
        if (first === undefined) {
          seen.set(name, key);
          continue;
        }
        const { line } = lineCounter.linePos(startOf(first));
        const suggestion = `remove this one or that in line ${line}`;
        report(startOf(key), 'KH006', `the field ${quote(name)} is given twice`, suggestion);
      }
    },
    Pair: (_, pair) => keepVersionText(pair),
  });
};

const dataOf = (document: Document.Parsed, report: Report): unknown => {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    // What is left to go wrong is aliases that multiply.
    report(0, 'KH008', firstLine((error as Error).message));
    return undefined;
  }
};

const startOf = (node: Node): number => node.range?.[0] ?? 0;

const firstLine = (message: string): string => message.split('\n', 1)[0]!.slice(0, 200);

/** `kubernetes: 1.30` without quotes is the number 1.3 for YAML. What was written is what was meant. */
const keepVersionText = ({ key, value }: Pair): void => {
  if (!isScalar(key) || key.value !== 'kubernetes' || !isScalar(value)) return;
  if (typeof value.value === 'number' && value.source !== undefined) value.value = value.source;
};

/**
 * Where brackets, or list dashes in one line, go deeper than MAX_NESTING; null when nowhere. Brackets in texts and comments are
 * counted too, which does no harm below 64 that are never closed.
 */
const offsetOfExcessiveNesting = (text: string): number | null => {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const character = text[offset];
    if (character === '[' || character === '{') depth++;
    else if ((character === ']' || character === '}') && depth > 0) depth--;
    if (depth > MAX_NESTING) return offset;
  }
  return new RegExp(`^[ \\t]*(?:[-?:][ \\t]+){${MAX_NESTING}}`, 'm').exec(text)?.index ?? null;
};

/** The line with a caret below the column. Long lines are cut, and control characters, which a terminal would obey, replaced. */
const excerptOf = (text: string, lineStart: number, line: number, column: number): string => {
  const end = text.indexOf('\n', lineStart);
  const whole = text.slice(lineStart, end === -1 ? undefined : end).trimEnd();
  const cut = column > EXCERPT_WIDTH ? column - EXCERPT_WIDTH / 2 : 0;
  // eslint-disable-next-line no-control-regex
  const shown = whole.slice(cut, cut + EXCERPT_WIDTH).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
  const padding = shown.slice(0, column - 1 - cut).replace(/[^\t]/g, ' ');
  const gutter = `${String(line).padStart(5)} | `;
  return `${gutter}${shown}\n${' '.repeat(gutter.length - 2)}| ${padding}^`;
};
