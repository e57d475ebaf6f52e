/**
 * The notations that Kubernetes users write: Go durations ("1h30m"), quantities ("10Gi") and percentages ("25%").
 *
 * Parsing gives a number in the base unit, or says what is wrong and what to write instead: no function here throws,
 * because a scenario file with three mistakes is to be told of all three. Simulated time is an integer number of nanoseconds;
 * a duration therefore is parsed in integers, and one that is no whole number of nanoseconds is refused instead of rounded.
 */

/** The value of a text, or the reason why it has none. */
export type Parsed<Value> =
  | { readonly value: Value }
  | {
      readonly problem: string;
      /** What to write instead, when that can be guessed. */
      readonly suggestion: string | null;
    };

const NS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, the micro sign: what Go prints
  μs: 1_000n, // U+03BC, the Greek letter: what Go reads too
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const DURATION_PART = /^(\d*)(?:\.(\d*))?([a-zµμ]+)/;

/** Above 2^53 ns (104 days) the simulator's clock is no longer exact. */
const MAX_DURATION_NS = BigInt(Number.MAX_SAFE_INTEGER);

/** Long forms that Go does not read, with the unit that was meant. */
const LONG_TIME_UNITS: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hour: 'h',
  hours: 'h',
};

/** Reads a duration as Go's time.ParseDuration does, without negative ones; the value is in nanoseconds. */
export const parseDuration = (text: string): Parsed<number> => {
  const refuse = (suggestion: string | null): Parsed<number> => ({
    problem: `${quote(text)} is not a duration`,
    suggestion: suggestion ?? 'write a number with a unit, such as "30s", "500ms" or "1h30m"',
  });
  if (text === '0') return { value: 0 };
  if (/^\d+(\.\d+)?$/.test(text)) {
    return { problem: `the duration ${quote(text)} has no unit`, suggestion: `write "${text}s" or "${text}ms"` };
  }
  if (/^-\d/.test(text)) return { problem: `the duration ${quote(text)} is negative`, suggestion: null };
  // The time that BigInt takes grows with the square of the number of digits.
  if (text === '' || text.length > 100) return refuse(null);

  let totalNs = 0n;
  let rest = text;
  while (rest !== '') {
    const [part, whole = '', decimals = '', unit = ''] = DURATION_PART.exec(rest) ?? [''];
    const nsPerUnit = Object.hasOwn(NS_PER_UNIT, unit) ? NS_PER_UNIT[unit] : undefined;
    if (whole + decimals === '' || nsPerUnit === undefined) return refuse(durationSuggestion(text));
    const scale = powerOfTen(decimals.length);
    const scaledNs = BigInt(whole + decimals) * nsPerUnit;
    if (scaledNs % scale !== 0n) {
      return { problem: `the duration ${quote(text)} is not a whole number of nanoseconds`, suggestion: null };
    }
    totalNs += scaledNs / scale;
    rest = rest.slice(part.length);
  }
  if (totalNs > MAX_DURATION_NS) {
    return { problem: `the duration ${quote(text)} is longer than the 104 days that a run can last`, suggestion: null };
  }
  return { value: Number(totalNs) };
};

/** Days have no unit in Go, and "5 min" or "30 Seconds" only need tidying. */
const durationSuggestion = (text: string): string | null => {
  const tidy = text.toLowerCase().replace(/\s+/g, '');
  const days = /^(\d{1,3})d(?:ays?)?$/.exec(tidy)?.[1];
  if (days !== undefined) return `write "${Number(days) * 24}h"`;
  const shortened = tidy.replace(/[a-z]+/g, (word) =>
    Object.hasOwn(LONG_TIME_UNITS, word) ? LONG_TIME_UNITS[word]! : word,
  );
  return shortened !== text && 'value' in parseDuration(shortened) ? `write "${shortened}"` : null;
};

const FORMAT_UNITS = [
  ['h', 3_600_000_000_000],
  ['m', 60_000_000_000],
] as const;

const FORMAT_UNITS_BELOW_MINUTE = [
  ['s', 1_000_000_000],
  ['ms', 1_000_000],
  ['us', 1_000],
  ['ns', 1],
] as const;

/** Writes nanoseconds as the shortest duration that parseDuration reads back to the same number: "1h30m", "1.5s", "250us". */
export const formatDuration = (durationNs: number): string => {
  if (durationNs === 0) return '0s';
  let text = '';
  let restNs = durationNs;
  for (const [unit, unitNs] of FORMAT_UNITS) {
    const count = Math.floor(restNs / unitNs);
    if (count > 0) text += `${count}${unit}`;
    restNs -= count * unitNs;
  }
  const [unit, unitNs] = FORMAT_UNITS_BELOW_MINUTE.find(([, size]) => restNs >= size) ?? ['s', 1];
  if (restNs === 0) return text;
  const decimals = String(restNs % unitNs)
    .padStart(String(unitNs).length - 1, '0')
    .replace(/0+$/, '');
  return `${text}${Math.floor(restNs / unitNs)}${decimals === '' ? '' : `.${decimals}`}${unit}`;
};

/** Suffixes of k8s.io/apimachinery resource.Quantity; "n" and "u" are left out because nothing here is that small. */
const QUANTITY_FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 1024,
  Mi: 1_048_576,
  Gi: 1_073_741_824,
  Ti: 1_099_511_627_776,
  Pi: 1_125_899_906_842_624,
};

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(.*)$/;

/** Reads a Kubernetes quantity: "10Gi" is 10 * 2^30, "10G" is 10 * 10^9, "500m" is 0.5. */
export const parseQuantity = (text: string): Parsed<number> => {
  const [, digits, suffix = ''] = QUANTITY.exec(text) ?? [];
  const factor = Object.hasOwn(QUANTITY_FACTORS, suffix) ? QUANTITY_FACTORS[suffix] : undefined;
  if (digits !== undefined && factor !== undefined) {
    // A division keeps thousandths exact where a multiplication by 0.001 would not.
    const value = suffix === 'm' ? Number(digits) / 1000 : Number(digits) * factor;
    if (Number.isFinite(value)) return { value };
  }
  return { problem: `${quote(text)} is not a quantity`, suggestion: quantitySuggestion(digits, suffix) };
};

/** "10GB", "10 gib", "10Gbit/s" and "10K" each have one obvious reading, or two that are worth naming. */
const quantitySuggestion = (digits: string | undefined, suffix: string): string => {
  const [, letter, binary] = /^([kmgtp])(i?)(?:b|bits?|bytes?|bps)?(?:\/s)?$/i.exec(suffix.trim()) ?? [];
  if (digits === undefined || letter === undefined) {
    return 'write a number with an optional suffix, such as "500k", "10G" (10^9) or "10Gi" (2^30)';
  }
  const decimal = letter.toLowerCase() === 'k' ? 'k' : letter.toUpperCase();
  const power = letter.toUpperCase();
  return binary === ''
    ? `write "${digits}${decimal}" (powers of 1000) or "${digits}${power}i" (powers of 1024)`
    : `write "${digits}${power}i"`;
};

const FORMAT_QUANTITY_SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const;

/** Writes a number as the shortest quantity that parseQuantity reads back: 1572864 is "1536Ki", 1e10 is "10G". */
export const formatQuantity = (value: number): string => {
  let shortest = String(value);
  for (const suffix of FORMAT_QUANTITY_SUFFIXES) {
    const count = value / QUANTITY_FACTORS[suffix]!;
    const text = `${count}${suffix}`;
    if (Number.isInteger(count) && text.length < shortest.length) shortest = text;
  }
  return shortest;
};

/** Reads "25%" as 0.25. */
export const parsePercent = (text: string): Parsed<number> => {
  if (/^\d+(\.\d+)?%$/.test(text)) return { value: Number(text.slice(0, -1)) / 100 };
  const [, number] = /^(\d*\.?\d+)$/.exec(text) ?? [];
  const problem = `${quote(text)} is not a percentage`;
  if (number === undefined) return { problem, suggestion: 'write a number with a percent sign, such as "5%"' };
  return {
    problem,
    suggestion: Number(number) < 1 ? `write "${formatPercent(Number(number))}"` : `write "${number}%"`,
  };
};

/** Writes 0.25 as "25%"; 12 significant digits hide that 0.07 * 100 is not quite 7. */
export const formatPercent = (fraction: number): string => `${Number((fraction * 100).toPrecision(12))}%`;

/** A text in quotes, short enough for one line and without control characters: it may come from a file of anyone. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text).replace(
    /[\u007f-\u009f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );

const powerOfTen = (exponent: number): bigint => BigInt(`1${'0'.repeat(exponent)}`);
