import { expect, it } from 'vitest';

import type { DrawnChart } from './charts/chart.js';
import { chartCsv } from './csv.js';

it('quotes what needs quotes, and lets no text act as a formula', () => {
  const chart: DrawnChart = {
    id: 'x',
    title: 'x',
    takeaway: 'x',
    spec: { data: { values: [] }, mark: 'bar', encoding: {} },
    table: { caption: 'x', columns: [], rows: [] },
    columns: [
      ['variant', 'variant'],
      ['value', 'value (s)'],
    ],
    rows: [
      { variant: 'a,"b"', value: 1.5 },
      { variant: '=1+1', value: null },
    ],
  };
  expect(chartCsv(chart)).toBe('variant,value (s)\r\n"a,""b""",1.5\r\n\'=1+1,\r\n');
});
