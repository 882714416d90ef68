import type { Json } from "#contract/types.ts";
import { metricNames, type Telemetry } from "./telemetry.ts";

/** Telemetry of one invocation as lines of JSON, without Powertools: for whoever tries a function. */
export function createLineTelemetry(log: (line: string) => void): Telemetry {
  const line = (level: "INFO" | "ERROR", message: string, fields: Record<string, Json>): void => {
    log(JSON.stringify({ level, message, ...fields }));
  };
  const failed: Telemetry["failed"] = (work, error) => {
    // No stack: it names files of this machine.
    line("ERROR", "unexpected fault", { work, error: String(error).slice(0, 2_000) });
  };
  return {
    async invoked({ functionName, awsRequestId }, run) {
      const startedAt = performance.now();
      line("INFO", "invocation began", { function: functionName, requestId: awsRequestId });
      try {
        return await run();
      } finally {
        line("INFO", "invocation ended", { durationMs: rounded(performance.now() - startedAt) });
      }
    },
    answered({ operation = "none", status, cause }, durationMs) {
      if (cause !== undefined) failed(operation, cause);
      line("INFO", "answered", { operation, status, durationMs: rounded(durationMs) });
    },
    failed,
    measured: (name, value) => line("INFO", "metric", { [metricNames[name]]: value }),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
