/** A chart's data as a CSV file, for spreadsheets and for other tools to plot. */

import type { DrawnChart } from './charts/chart.js';

export function chartCsv({ columns, rows }: DrawnChart): string {
  const lines = [
    columns.map(([, heading]) => heading),
    ...rows.map((row) => columns.map(([field]) => row[field] ?? '')),
  ];
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  // A spreadsheet would run a text that begins like a formula.
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
