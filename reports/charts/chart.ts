/** What every chart of the report is: data, a Vega-Lite spec that draws it, and words for those who do not see it. */

import type { TopLevelSpec } from 'vega-lite';

export type ChartRow = Readonly<Record<string, string | number | boolean | null>>;

/** Numbers of the chart as a small table of formatted text: what a screen reader gets, and what can be quoted. */
export interface SummaryTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly string[])[];
}

interface ChartHeading {
  readonly id: string;
  readonly title: string;
}

export interface DrawnChart extends ChartHeading {
  /** One sentence that says what to see, made from the data. */
  readonly takeaway: string;
  readonly spec: TopLevelSpec;
  readonly table: SummaryTable;
  /** The data that is drawn; `columns` are the fields in order, with their headings in a CSV file. */
  readonly rows: readonly ChartRow[];
  readonly columns: readonly (readonly [field: string, heading: string])[];
}

export interface EmptyChart extends ChartHeading {
  /** Why there is nothing to draw. */
  readonly empty: string;
}

export type Chart = DrawnChart | EmptyChart;
