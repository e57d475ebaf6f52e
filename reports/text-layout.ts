/** Text in columns of a terminal. */

/** Blocks of characters that terminals draw two columns wide: East Asian scripts and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Drawn over the character before them. */
const COMBINING = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Names come from files: what a terminal would obey rather than show becomes a question mark. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, '?');
}

export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOfCharacter(character);
  return width;
}

function columnsOfCharacter(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** At most so many columns, with three dots where something was cut. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const dots = '.'.repeat(Math.min(3, columns));
  let kept = '';
  let width = dots.length;
  for (const character of text) {
    width += columnsOfCharacter(character);
    if (width > columns) break;
    kept += character;
  }
  return kept + dots;
}

/** Exactly so many columns. */
export function fit(text: string, columns: number): string {
  const cut = truncate(text, columns);
  return cut + ' '.repeat(columns - displayWidth(cut));
}

/** Lines of at most so many columns, broken between words; a word that is too long is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= columns) {
      line = longer;
    } else {
      if (line !== '') lines.push(line);
      line = truncate(word, columns);
    }
  }
  return line === '' ? lines : [...lines, line];
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of up to `columns`, to an eighth of a column; anything more than nothing shows. */
export function bar(share: number, columns: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * columns * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
