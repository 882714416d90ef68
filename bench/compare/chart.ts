/** Horizontal bars, a panel for each figure, as one SVG that reads on a light and on a dark page. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** As it stands behind the bar. */
  readonly text: string;
  /** `ours`, or whether the system is comparable: `solid` fsyncs before it acknowledges, `hollow` does not. */
  readonly kind: "ours" | "solid" | "hollow";
}

const width = 760;
const labelWidth = 230;
const barWidth = 420;
const rowHeight = 20;
const titleHeight = 34;
const legendHeight = 30;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 13px; }
  .ours { fill: #0969da; } .solid { fill: #6e7781; } .hollow { fill: #6e778133; stroke: #6e7781; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ours { fill: #4493f8; } .solid { fill: #9198a1; } .hollow { fill: #9198a133; stroke: #9198a1; }
  }
`;

const legend: readonly (readonly [Bar["kind"], string])[] = [
  ["ours", "Bellwether"],
  ["solid", "acknowledges when fsynced"],
  ["hollow", "acknowledges before that, or stores nothing"],
];

/** Draws the panels one below the other; each has a scale of its own that begins at 0. */
export function renderChart(title: string, panels: readonly Panel[]): string {
  let y = legendHeight;
  const drawn = panels.map((panel) => {
    const top = y;
    y += titleHeight + panel.bars.length * rowHeight;
    return drawPanel(panel, top);
  });
  const height = y + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}</style>
${drawLegend()}
${drawn.join("\n")}
</svg>
`;
}

function drawLegend(): string {
  let x = 10;
  return legend
    .map(([kind, text]) => {
      const at = x;
      x += 30 + text.length * 7;
      return `<rect class="${kind}" x="${at}" y="9" width="12" height="12" rx="2"/>${label(at + 18, 20, text)}`;
    })
    .join("\n");
}

function drawPanel({ title, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.map(({ label: name, value, text, kind }, i) => {
    const y = top + titleHeight + i * rowHeight;
    const length = Math.max(1, (value / most) * barWidth);
    const bar = `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${rowHeight - 5}" rx="2"/>`;
    return `${label(labelWidth - 8, y + 12, name, 'text-anchor="end"')}${bar}${label(labelWidth + length + 6, y + 12, text)}`;
  });
  return [label(10, top + 22, title, 'class="title"'), ...rows].join("\n");
}

function label(x: number, y: number, text: string, attributes = ""): string {
  return `<text x="${Number(x.toFixed(1))}" y="${y}"${attributes && ` ${attributes}`}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
