import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { LogLevel } from "./settings.ts";
import { metricNames, metricNamespace, type Telemetry } from "./telemetry.ts";

/** Structured logs to standard output, and metrics in CloudWatch's embedded format, by Powertools for AWS Lambda. */
export function createTelemetry(functionName: string, logLevel: LogLevel): Telemetry {
  const logger = new Logger({ serviceName: "bellwether", logLevel });
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: "bellwether" });
  const measured: Telemetry["measured"] = (name, value) => {
    if (logLevel === "SILENT") return;
    // Each at once, with its own state: what invocations have in common could be mixed up.
    const unit = name === "countingLagMs" ? MetricUnit.Milliseconds : MetricUnit.Count;
    metrics.singleMetric().addMetric(metricNames[name], unit, value);
  };
  const failed: Telemetry["failed"] = (work, error) => {
    logger.error("unexpected fault", { work, error: error instanceof Error ? error : new Error(String(error)) });
    measured("faults", 1);
  };
  return {
    invoked(invocation, run) {
      logger.addContext(invocation as Parameters<typeof logger.addContext>[0]);
      if (logLevel !== "SILENT") metrics.captureColdStartMetric(functionName);
      return run();
    },
    answered({ operation = "none", status, cause }, durationMs) {
      if (cause !== undefined) failed(operation, cause);
      logger.debug("answered", { operation, status, durationMs: Math.round(durationMs * 100) / 100 });
    },
    failed,
    measured,
  };
}
