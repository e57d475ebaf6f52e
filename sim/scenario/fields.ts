/**
 * The kinds of value that scenario fields have. Each is written down once: how it is read, what is said when it is wrong,
 * and how the JSON Schema describes it.
 */

import { z } from 'zod';

import type { ErrorCode } from '../errors.js';
import { parseDuration, parsePercent, parseQuantity, quote, type Parsed } from '../units.js';
import { describeValue } from './findings.js';
import { suggestOneOf } from './suggest.js';

/** What was read from a field, or what is wrong with it. */
type Reading<Value> =
  | { readonly value: Value }
  | { readonly code: ErrorCode; readonly problem: string; readonly suggestion: string | null };

/** Our part of a zod issue. */
export interface FieldIssue {
  readonly code: ErrorCode;
  readonly suggestion: string | null;
}

type JsonSchemaKeywords = Readonly<Record<string, unknown>>;

/** zod's own checks say "Too small: expected number to be >=1"; reading the value ourselves, we can say what to write. */
const field = <Value>(jsonSchema: JsonSchemaKeywords, read: (value: unknown) => Reading<Value>) =>
  z
    .unknown()
    .meta(jsonSchema)
    .transform((value, context): Value => {
      const reading: Reading<Value> =
        value === undefined ? { code: 'KH010', problem: 'is required', suggestion: null } : read(value);
      if ('value' in reading) return reading.value;
      const params: FieldIssue = { code: reading.code, suggestion: reading.suggestion };
      context.addIssue({ code: 'custom', message: reading.problem, params: { ...params } });
      return z.NEVER;
    });

const wrongKind = (value: unknown, wanted: string, suggestion: string | null = null): Reading<never> => ({
  code: 'KH011',
  problem: `must be ${wanted}, not ${describeValue(value)}`,
  suggestion,
});

const withCode = <Value>(code: ErrorCode, parsed: Parsed<Value>): Reading<Value> =>
  'value' in parsed ? parsed : { code, problem: parsed.problem, suggestion: parsed.suggestion };

export const text = (pattern = /^[^]*$/, rule = 'a text') =>
  field({ type: 'string', ...(rule === 'a text' ? {} : { pattern: pattern.source }) }, (value): Reading<string> =>
    typeof value === 'string' && pattern.test(value) ? { value } : wrongKind(value, rule),
  );

export const flag = () =>
  field({ type: 'boolean' }, (value): Reading<boolean> =>
    typeof value === 'boolean' ? { value } : wrongKind(value, 'true or false'),
  );

/** One of a few words. */
export const choice = <const Word extends string>(words: readonly Word[], code: ErrorCode = 'KH011') =>
  field({ type: 'string', enum: words }, (value): Reading<Word> => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return { value: word };
    return {
      code,
      problem: `${describeValue(value)} is not allowed here`,
      suggestion: suggestOneOf(String(value), words),
    };
  });

const NO_LIMIT = 'unlimited';

interface Range {
  readonly min: number;
  readonly max: number;
}

const readNumber = (value: unknown, wanted: string, accept: (number: number) => boolean): Reading<number> => {
  if (typeof value === 'number') {
    return accept(value)
      ? { value }
      : { code: 'KH012', problem: `must be ${wanted}, not ${describeValue(value)}`, suggestion: null };
  }
  const unquoted = typeof value === 'string' && value.trim() !== '' && accept(Number(value));
  return wrongKind(value, wanted, unquoted ? `write ${value} without quotes` : null);
};

/** `because` says why the limit is where it is, when Kubernetes is not the reason that everybody knows. */
export const wholeNumber = ({ min, max }: Range, because?: string) => {
  const wanted = `a whole number from ${min} to ${max}${because === undefined ? '' : ` (${because})`}`;
  return field({ type: 'integer', minimum: min, maximum: max }, (value) =>
    readNumber(value, wanted, (number) => Number.isSafeInteger(number) && number >= min && number <= max),
  );
};

/** A number, fractions included, above zero. */
export const positiveNumber = (max: number) =>
  field({ type: 'number', exclusiveMinimum: 0, maximum: max }, (value) =>
    readNumber(value, `a number above 0, at most ${max}`, (number) => number > 0 && number <= max),
  );

export const nonNegativeNumber = (max: number) =>
  field({ type: 'number', minimum: 0, maximum: max }, (value) =>
    readNumber(value, `a number from 0 to ${max}`, (number) => number >= 0 && number <= max),
  );

const DURATION_PATTERN = '^(0|(\\d*\\.?\\d+(ns|us|µs|ms|s|m|h))+)$';

/** Nanoseconds. */
export const duration = () =>
  field({ type: 'string', pattern: DURATION_PATTERN, examples: ['30s', '500ms', '1h30m'] }, (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return wrongKind(value, 'a duration such as "30s"');
    return withCode('KH013', parseDuration(String(value)));
  });

/** A duration above zero: a period that is waited for again and again. */
export const period = () =>
  duration().transform((ns, context): number => {
    if (ns > 0) return ns;
    const params: FieldIssue = { code: 'KH012', suggestion: null };
    context.addIssue({ code: 'custom', message: 'must be longer than 0s', params: { ...params } });
    return z.NEVER;
  });

/** A period, or the word "unlimited", which is null. */
export const periodOrUnlimited = () =>
  field({ type: 'string', examples: ['5m', NO_LIMIT] }, (value): Reading<number | null> => {
    if (value === NO_LIMIT) return { value: null };
    if (typeof value !== 'string' && typeof value !== 'number') return wrongKind(value, 'a duration such as "5m"');
    const reading = withCode('KH013', parseDuration(String(value)));
    if (!('value' in reading) || reading.value > 0) return reading;
    return { code: 'KH012', problem: 'must be longer than 0s', suggestion: null };
  });

/** A whole number, or a word that stands for a rule instead, which is null. */
export const countOrWord = ({ min, max }: Range, word: string, unit: string) =>
  field({ type: ['integer', 'string'], minimum: min, examples: [100, word] }, (value): Reading<number | null> => {
    if (value === word) return { value: null };
    const wanted = `a whole number of ${unit} from ${min} to ${max}, or "${word}"`;
    return readNumber(value, wanted, (number) => Number.isSafeInteger(number) && number >= min && number <= max);
  });

const PERCENT = '^\\d+(\\.\\d+)?%$';
const PERCENT_ABOVE_0 = '^(?!0+(\\.0+)?%)\\d+(\\.\\d+)?%$';

/** A share between `min` and `max`, given in percent. */
export const percent = ({ min, max }: Range) =>
  field({ type: 'string', pattern: PERCENT, examples: ['5%'] }, (value): Reading<number> => {
    if (typeof value !== 'string' && typeof value !== 'number') return wrongKind(value, 'a percentage such as "5%"');
    const reading = withCode('KH015', parsePercent(String(value)));
    if (!('value' in reading) || (reading.value >= min && reading.value <= max)) return reading;
    const problem = `must be from ${min * 100}% to ${max * 100}%, not ${String(value)}`;
    return { code: 'KH012', problem, suggestion: null };
  });

const readQuantity = (value: unknown, { min, max }: Range, unit: string): Reading<number> => {
  if (typeof value !== 'string' && typeof value !== 'number') return wrongKind(value, `a quantity of ${unit}`);
  const reading = withCode('KH014', parseQuantity(String(value)));
  if (!('value' in reading) || (reading.value >= min && reading.value <= max)) return reading;
  return { code: 'KH012', problem: `must be from ${min} to ${max} ${unit}, not ${String(value)}`, suggestion: null };
};

/** A number with an optional Kubernetes suffix, or the word "unlimited", which is null. */
export const quantityOrUnlimited = (range: Range, unit: string, examples: readonly string[]) =>
  field({ type: ['string', 'number'], examples: [...examples, NO_LIMIT] }, (value): Reading<number | null> => {
    if (value === NO_LIMIT) return { value: null };
    const reading = readQuantity(value, range, unit);
    if (!('value' in reading) || Number.isSafeInteger(reading.value)) return reading;
    return { code: 'KH012', problem: `must be a whole number of ${unit}, not ${String(value)}`, suggestion: null };
  });

/** As in a Deployment: a number of pods (or other things), or a share of all in percent, at most `maxFraction`. `min` 1: not none. */
export const countOrPercent = (maxFraction: number, what = 'pods', min: 0 | 1 = 0) =>
  field(
    { type: ['integer', 'string'], minimum: min, pattern: min === 0 ? PERCENT : PERCENT_ABOVE_0, examples: ['25%', 1] },
    (value): Reading<{ readonly absolute: number } | { readonly fraction: number }> => {
      if (typeof value === 'number') {
        const wanted = `a whole number of ${what}${min === 0 ? '' : ' above 0'}`;
        const reading = readNumber(value, wanted, (n) => Number.isSafeInteger(n) && n >= min);
        return 'value' in reading ? { value: { absolute: reading.value } } : reading;
      }
      if (typeof value !== 'string') return wrongKind(value, `a number of ${what} or a percentage such as "25%"`);
      const reading = withCode('KH015', parsePercent(value));
      if (!('value' in reading)) return reading;
      if (min > 0 && reading.value === 0) return { code: 'KH012', problem: 'must be more than 0%', suggestion: null };
      if (reading.value <= maxFraction) return { value: { fraction: reading.value } };
      return { code: 'KH012', problem: `must be at most ${maxFraction * 100}%, not ${value}`, suggestion: null };
    },
  );

/** A limit or value of a metric: its unit is known only together with the metric (objectives.ts reads it). */
export const textOrNumber = () =>
  field({ type: ['string', 'number'] }, (value): Reading<string | number> =>
    typeof value === 'string' || typeof value === 'number'
      ? { value }
      : wrongKind(value, 'a number, or a text with a unit such as "30s"'),
  );

const MAX_PORT = 65_535;

/** Ports from the first to the last, both included, as flags give them. */
export const ports = () =>
  field({ type: 'string', pattern: '^\\d+-\\d+$', examples: ['30000-32767'] }, (value): Reading<string> => {
    const bounds = typeof value === 'string' ? /^(\d+)-(\d+)$/.exec(value) : null;
    if (bounds === null) return wrongKind(value, 'a range of ports such as "30000-32767"');
    const [first, last] = [Number(bounds[1]), Number(bounds[2])];
    if (first >= 1 && last <= MAX_PORT && first <= last) return { value: `${first}-${last}` };
    const problem = `must be ports from 1 to ${MAX_PORT}, the lower one first, not ${String(value)}`;
    return { code: 'KH012', problem, suggestion: null };
  });

/** A version profile. Numbers are told apart from texts because YAML reads 1.30 as 1.3. */
export const version = <const Version extends string>(versions: readonly Version[]) =>
  field({ type: 'string', enum: versions }, (value): Reading<Version> => {
    const found = versions.find((candidate) => candidate === value);
    if (found !== undefined) return { value: found };
    if (typeof value === 'number') return wrongKind(value, 'a text', `write "${value}" in quotes`);
    const minor = /^v?(\d+\.\d+)(\.\d+)?$/.exec(String(value))?.[1];
    const known = versions.find((candidate) => candidate === minor);
    const range = `supported: ${versions[0] ?? ''} to ${versions.at(-1) ?? ''}`;
    return {
      code: 'KH025',
      problem: `there is no profile of Kubernetes ${describeValue(value)}`,
      suggestion: known === undefined ? range : `write "${known}"`,
    };
  });

/** A number as shorthand for a mapping. A union of zod would report the mistakes of both alternatives. */
export const numberOr = <Output>(number: z.ZodType<number>, mapping: z.ZodType<Output>) =>
  z
    .unknown()
    .meta({ anyOf: [inputSchema(number), inputSchema(mapping)] })
    .transform((value, context): number | Output => {
      const alternative = typeof value === 'object' && value !== null ? mapping : number;
      const result = alternative.safeParse(value);
      if (result.success) return result.data;
      for (const issue of result.error.issues)
        context.issues.push({ ...issue, input: value } as (typeof context.issues)[0]);
      return z.NEVER;
    });

const inputSchema = (schema: z.ZodType): JsonSchemaKeywords => {
  const { $schema: _, ...keywords } = z.toJSONSchema(schema, { io: 'input', target: 'draft-07' });
  return keywords;
};

/** A Kubernetes object name of one label (RFC 1123): what service names are made of. */
export const label = () =>
  field({ type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 }, (value): Reading<string> => {
    if (typeof value !== 'string') {
      return wrongKind(value, 'a name', typeof value === 'number' ? `write "${value}" in quotes` : null);
    }
    if (value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value)) return { value };
    return wrongKind(value, 'a name of at most 63 lower-case letters, digits and dashes', tidyLabel(value));
  });

const tidyLabel = (name: string): string | null => {
  const tidy = name
    .slice(0, 63)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return tidy === '' ? null : `write ${quote(tidy)}`;
};
