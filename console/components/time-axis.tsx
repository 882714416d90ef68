import { useEffect, useState } from "preact/hooks";
import { counted, exactTime, localTime, rate } from "../format.ts";

/** How many messages there were in each stretch of time. */
export interface Activity {
  readonly fromMs: number;
  readonly bucketMs: number;
  readonly messages: readonly number[];
}

interface Settings {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The moment that is looked at; undefined is now. */
  readonly atMs: number | undefined;
  /** Undefined when the reader goes back to now. */
  readonly onMove: (atMs: number | undefined) => void;
  readonly activity: Activity | undefined;
}

/** Steps by keyboard: so many from one end to the other. */
const steps = 240;
/** A drag asks the service when it rests this long. */
const restMs = 180;

/** A time axis with what was published on it, whose moment can be dragged back, or moved with the arrow keys. */
export function TimeAxis({ label, fromMs, toMs, atMs, onMove, activity }: Settings) {
  const [draggedMs, setDragged] = useState<number>();
  useEffect(() => {
    if (draggedMs === undefined) return;
    const timer = setTimeout(() => {
      setDragged(undefined);
      onMove(draggedMs >= toMs ? undefined : draggedMs);
    }, restMs);
    return () => clearTimeout(timer);
  }, [draggedMs]);
  const spanMs = Math.max(1, toMs - fromMs);
  const shownMs = Math.min(toMs, Math.max(fromMs, draggedMs ?? atMs ?? toMs));
  const isNow = shownMs >= toMs;
  return (
    <div class="axis">
      <div class="axis-plot">
        {activity && <Bars activity={activity} fromMs={fromMs} toMs={toMs} atMs={shownMs} />}
        <input
          type="range"
          aria-label={label}
          aria-valuetext={isNow ? "now" : exactTime(shownMs)}
          min={0}
          max={steps}
          step={1}
          value={Math.round(((shownMs - fromMs) / spanMs) * steps)}
          onInput={(event) => setDragged(fromMs + (Number(event.currentTarget.value) / steps) * spanMs)}
        />
      </div>
      <div class="axis-ends">
        <span>{localTime(fromMs, toMs)}</span>
        <span aria-live="polite">
          {isNow ? "now" : <strong title={exactTime(shownMs)}>{localTime(shownMs, Date.now())}</strong>}
        </span>
      </div>
    </div>
  );
}

function Bars({
  activity,
  fromMs,
  toMs,
  atMs,
}: {
  readonly activity: Activity;
  readonly fromMs: number;
  readonly toMs: number;
  readonly atMs: number;
}) {
  const max = Math.max(1, ...activity.messages);
  const total = activity.messages.reduce((sum, each) => sum + each, 0);
  const says = `${counted(total, "message")}, at most ${rate(max / (activity.bucketMs / 1000))} per second.`;
  const scale = 1000 / Math.max(1, toMs - fromMs);
  const width = activity.bucketMs * scale;
  return (
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label={says}>
      <title>{says}</title>
      <line class="base" x1="0" x2="1000" y1="99.5" y2="99.5" />
      {activity.messages.map((messages, i) => {
        const startMs = activity.fromMs + i * activity.bucketMs;
        const height = messages === 0 ? 0 : Math.max(3, (messages / max) * 92);
        return (
          <rect
            key={startMs}
            class={startMs >= atMs ? "after" : ""}
            x={(startMs - fromMs) * scale + width * 0.08}
            y={100 - height}
            width={width * 0.84}
            height={height}
          />
        );
      })}
    </svg>
  );
}
