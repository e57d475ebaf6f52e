/**
 * The page's looks, light and dark, on screen and on paper. Chart text and axes are coloured here: CSS wins over the
 * attributes that Vega writes, so one picture does for both grounds and follows a change of the system's theme.
 */
export const STYLE_SHEET = `
:root {
  color-scheme: light;
  --ground: #fff; --panel: #f6f8fa; --text: #1f2328; --soft: #57606a; --line: #d1d9e0; --accent: #0a58ca;
  --pass: #146c37; --fail: #b42318; --unsure: #8a5300; --neutral: #57606a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --ground: #14171b; --panel: #1d2127; --text: #e6e9ed; --soft: #a9b2bd; --line: #39404a; --accent: #79b0ff;
    --pass: #5ccf86; --fail: #ff8f85; --unsure: #f0b14f; --neutral: #a9b2bd;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main, header, footer { max-width: 64rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
footer { padding-bottom: 2rem; color: var(--soft); font-size: .875rem; }
h1, h2, h3, p, li, dd, td, th, figcaption, caption { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
p { margin: .5rem 0; }
a { color: var(--accent); }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .75rem 0 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--tone); border-radius: 6px; background: var(--panel); padding: .5rem 1rem; }
.verdict strong { color: var(--tone); font-size: 1.15rem; margin-right: .5rem; }
.pass { --tone: var(--pass); } .fail, .error { --tone: var(--fail); }
.inconclusive { --tone: var(--unsure); } .none { --tone: var(--neutral); }
.badge { color: var(--tone); font-weight: 600; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; font-size: .925rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1.25rem .35rem 0; border-bottom: 1px solid var(--line); min-width: 8rem; max-width: 24rem; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
td small { display: block; color: var(--soft); }
figure { margin: .5rem 0 1rem; }
.chart { min-height: 3rem; }
.chart svg { display: block; max-width: 100%; height: auto; }
.chart svg text { fill: var(--soft); }
.chart svg .role-legend-label text, .chart svg .role-axis-label text { fill: var(--text); }
.chart svg .mark-rule.role-mark line { stroke: var(--text); }
.chart svg .mark-rect path { stroke: var(--ground); }
.empty { border: 1px dashed var(--line); border-radius: 6px; padding: .75rem 1rem; color: var(--soft); }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--accent); }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1.25rem; }
dt { color: var(--soft); } dd { margin: 0; }
.tip { position: fixed; z-index: 1; pointer-events: none; max-width: 18rem; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 4px; background: var(--panel); color: var(--text); font-size: .8125rem; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  .picture { overflow-x: auto; }
  .picture svg { max-width: none; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  th, td { padding-right: .75rem; }
}
@media print {
  body { font-size: 10.5pt; }
  main, header, footer { max-width: none; padding: 0; }
  nav, .actions, .tip { display: none; }
  h2, h3 { break-after: avoid; }
  figure, tr, .verdict { break-inside: avoid; }
  .scroll { overflow: visible; }
  th, td { min-width: 0; padding-right: .75rem; }
  a { color: inherit; }
}
`;
