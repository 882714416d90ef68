import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** Lines over time. `data[0]` is the time in Unix seconds, the others the values of the series; null is a gap. */
interface Settings {
  readonly title: string;
  /** What it shows in words, for those who do not see it. */
  readonly says: string;
  readonly data: readonly [readonly number[], ...(readonly (number | null)[])[]];
  readonly series: readonly string[];
  readonly valueText: (value: number) => string;
  readonly height?: number;
}

/** Draws with uPlot: a canvas, as a line of thousands of points would be slow as elements. */
export function TimeChart({ title, says, data, series, valueText, height = 180 }: Settings) {
  const ref = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;

  // Dependencies: drawn anew only when what it is made of changes
  useLayoutEffect(() => {
    const box = ref.current!;
    const draw = (): void => {
      plot.current?.destroy();
      const options = optionsFor(box, series, valueText, height);
      plot.current = new uPlot(options, latest.current as unknown as uPlot.AlignedData, box);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: box.clientWidth, height }));
    resized.observe(box);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const themed = new MutationObserver(draw);
    scheme.addEventListener("change", draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [series.join(), height]);

  useEffect(() => {
    plot.current?.setData(data as unknown as uPlot.AlignedData);
  }, [data]);

  return (
    <figure class="stack">
      <div ref={ref} class="chart" role="img" aria-label={`${title}. ${says}`} />
      <figcaption class="legend">
        {series.map((name, i) => (
          <span key={name} class={i === 0 ? "" : "second"}>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function optionsFor(
  box: HTMLElement,
  series: readonly string[],
  valueText: (value: number) => string,
  height: number,
): uPlot.Options {
  const ink = (property: string): string => resolvedColour(box, property);
  const axis: uPlot.Axis = {
    stroke: ink("--text-soft"),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: ink("--line"), width: 1 },
    ticks: { show: false },
  };
  const strokes = [ink("--accent"), ink("--text-soft")];
  return {
    width: box.clientWidth,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_plot, min, max) => [Math.min(min ?? 0, (max ?? 0) - secondsMin), max ?? secondsMin] },
      y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 90,
        grid: { show: false },
        values: ({ scales: { x }, width }, times, _axis, _space, step) => {
          // What would be cut at the right edge is left out.
          const endsAt = x!.max! - ((x!.max! - x!.min!) * labelHalf) / (width - valuesWidth);
          return times.map((at) => (at > endsAt ? "" : timeOfDay(at, step < 60)));
        },
      },
      { ...axis, size: valuesWidth, space: 36, incrs: wholeSteps, values: (_plot, values) => values.map(valueText) },
    ],
    series: [
      {},
      ...series.map((label, i) => ({
        label,
        stroke: strokes[i] ?? strokes[0]!,
        width: 2,
        points: { show: false },
        ...(i === 0 ? { fill: ink("--accent-soft") } : { dash: [6, 4] }),
      })),
    ],
  };
}

/** Messages are whole: no mark of the scale between them. */
const wholeSteps = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((power) => step * 10 ** power))
  .sort((a, b) => a - b);

/** The width of what stands beside the scale, and half that of a time below it, in pixels. */
const valuesWidth = 52;
const labelHalf = 42;

/** The shortest stretch of time that is drawn. */
const secondsMin = 120;

function timeOfDay(at: number, withSeconds: boolean): string {
  const seconds = withSeconds ? ({ second: "2-digit" } as const) : {};
  return new Date(at * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", ...seconds });
}

/** A canvas knows no custom property: the browser is asked what it comes to. */
function resolvedColour(box: HTMLElement, property: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  box.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
