// A rate over the last five minutes.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { humanRate } from './units.js';
import { history, historySeconds, historyVersion } from './store.js';

const seconds = Array.from({ length: historySeconds }, (_, index) => index - historySeconds + 1);
const ago = (value) => (value === 0 ? 'now' : value % 60 ? `${-value} s ago` : `${-value / 60} min ago`);
/// What is shown of the past: as much as is known, from a minute on.
const spans = [60, 120, historySeconds];
const spanOf = (id) => spans.find((span) => span >= (history.get(id)?.down.length || 0)) || historySeconds;
/// Labels need room.
const roomySplits = {
  60: [-60, -45, -30, -15, 0],
  120: [-120, -90, -60, -30, 0],
  300: [-300, -240, -180, -120, -60, 0],
};
const fewSplits = { 60: [-30, 0], 120: [-60, 0], 300: [-180, 0] };
const roomyFrom = 520;

const padded = (rates) => [...new Array(historySeconds - rates.length).fill(null), ...rates];

/// `series`: [{ key: "down" | "up", label, color: a custom property }].
export function RateChart({ id, series, height, axes = true, label }) {
  const box = useRef(null);
  const chart = useRef(null);

  useEffect(() => {
    const node = box.current;
    const make = () => {
      chart.current?.destroy();
      const style = getComputedStyle(document.documentElement);
      const color = (name) => style.getPropertyValue(name).trim();
      const axis = {
        stroke: color('--quiet'),
        grid: { stroke: color('--line'), width: 1 },
        ticks: { show: false },
        font: '12px system-ui, sans-serif',
      };
      chart.current = new uPlot(
        {
          width: Math.max(40, node.clientWidth),
          height,
          legend: { show: false },
          cursor: { show: false },
          padding: axes ? [8, 26, 0, 0] : [2, 0, 2, 0],
          scales: {
            x: { time: false, range: () => [-spanOf(id), 0] },
            y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1000)] },
          },
          axes: axes
            ? [
                {
                  ...axis,
                  splits: () => (node.clientWidth < roomyFrom ? fewSplits : roomySplits)[spanOf(id)],
                  values: (_, splits) => splits.map(ago),
                  size: 28,
                },
                {
                  ...axis,
                  values: (_, splits) => splits.map((value) => (value ? humanRate(value) : '0')),
                  size: 76,
                  space: 28,
                },
              ]
            : [{ show: false }, { show: false }],
          series: [
            {},
            ...series.map((one) => ({
              label: one.label,
              stroke: color(one.color),
              fill: `${color(one.color)}22`,
              width: 1.75,
              points: { show: false },
            })),
          ],
        },
        dataOf(id, series),
        node,
      );
    };
    make();
    const resized = new ResizeObserver(() => {
      const width = node.clientWidth;
      if (width > 0 && chart.current.width !== width) chart.current.setSize({ width, height });
    });
    resized.observe(node);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    const forget = historyVersion.subscribe(() => chart.current?.setData(dataOf(id, series)));
    return () => {
      forget();
      resized.disconnect();
      scheme.removeEventListener('change', make);
      chart.current.destroy();
      chart.current = null;
    };
  }, [id]);

  return <div class="chart" ref={box} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

function dataOf(id, series) {
  const kept = history.get(id) || { down: [], up: [] };
  return [seconds, ...series.map((one) => padded(kept[one.key]))];
}
