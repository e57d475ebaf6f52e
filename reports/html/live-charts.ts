/**
 * The script of the page: replaces a chart's picture by the chart itself, with tooltips, once the reader scrolls near it.
 * All at once would keep a slow machine busy for seconds. Vega's expressions are interpreted, because compiling them
 * needs the eval that the page's policy forbids.
 *
 * Plain JavaScript in a string: the project is compiled without a browser's types, and the page takes no module.
 */
export const LIVE_CHARTS_SCRIPT = `'use strict';
(() => {
  const specs = JSON.parse(document.getElementById('chart-specs').textContent);
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.append(tip);

  function showTooltip(handler, event, item, value) {
    tip.hidden = value === null || value === undefined || value === '';
    if (tip.hidden) return;
    const lines = typeof value === 'object' ? Object.entries(value).map(([key, text]) => key + ': ' + text) : [String(value)];
    tip.replaceChildren(...lines.map((line) => {
      const row = document.createElement('div');
      row.textContent = line;
      return row;
    }));
    const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - tip.offsetWidth - 4);
    tip.style.left = Math.max(4, left) + 'px';
    tip.style.top = Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 4) + 'px';
  }

  async function draw(place) {
    const live = document.createElement('div');
    place.append(live);
    const runtime = vega.parse(specs[place.dataset.chart], undefined, { ast: true });
    const view = new vega.View(runtime, { expr: expressionInterpreter, renderer: 'svg', logLevel: vega.Warn });
    // Parameter of charts/hover.ts: places to point at.
    if ('live' in view.getState({ signals: (name) => name === 'live' }).signals) view.signal('live', true);
    view.tooltip(showTooltip);
    try {
      await view.initialize(live).runAsync();
      place.querySelector('.picture').remove();
      place.dataset.live = 'true';
    } catch (error) {
      // The picture stays: it says the same.
      live.remove();
      console.error(error);
    }
  }

  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      void draw(entry.target);
    }
  }, { rootMargin: '200px' });
  for (const place of document.querySelectorAll('[data-chart]')) observer.observe(place);
})();
`;
