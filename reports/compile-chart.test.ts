import { expect, it } from 'vitest';

import { compileChart } from './compile-chart.js';

const values = [{ a: 1, b: 2 }];

it('compiles to a spec with a transparent ground and to a picture', async () => {
  const { vegaSpec, svg } = await compileChart({
    data: { values },
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'quantitative' } },
  });
  expect(vegaSpec.background).toBe('transparent');
  expect(svg).toMatch(/^<svg /);
});

it('refuses a spec that Vega-Lite only warns about', async () => {
  const wrong = {
    data: { values },
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'quantitative' }, y: {} },
  } as const;
  await expect(compileChart(wrong)).rejects.toThrow('the chart is wrong');
});
