import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import { type DynamoDbOptions, openDynamoDbStore } from "#stores/dynamodb/store.ts";
import { createMeterMemory, type MeterMemory, TableMeter } from "#stores/dynamodb/table-meter.ts";
import { allAnswers } from "./answers.ts";
import type { BackgroundReports } from "./background.ts";
import { startBackgroundWorker } from "./background-worker.ts";
import type { ServiceCore } from "./core.main.ts";
import { type Admission, createHttpHandler } from "./http.ts";
import { createProcessContext } from "./process-context.ts";
import { type FunctionMeasures, noMeasures } from "./process-deployment.ts";

/** What the DynamoDB store is opened with, from the settings and the environment of AWS. */
export interface DynamoDbSettings extends ServiceSettings {
  readonly tablePrefix: string;
  readonly createTables: boolean;
}

/** What the background thread is given; it has a store of its own. */
export interface DynamoDbBackground {
  readonly options: DynamoDbOptions;
  readonly settings: ServiceSettings;
  /** Shared with the thread that serves, which tells what both took. */
  readonly meterMemory: MeterMemory;
}

/**
 * The service without a socket, over DynamoDB: any number of processes over the same tables are one service. Region,
 * credentials and endpoint are taken from the environment as the AWS SDK does; an engine elsewhere than in AWS is called
 * without real ones.
 */
export async function startDynamoDbCore(
  settings: DynamoDbSettings,
  environment: Readonly<Record<string, string | undefined>>,
  reports: BackgroundReports,
  measure: FunctionMeasures = noMeasures,
  admit?: Admission,
): Promise<ServiceCore> {
  const options = optionsFrom(settings, environment);
  const [here, behind] = [createMeterMemory(), createMeterMemory()];
  const sinceMs = Date.now();
  const store = await openDynamoDbStore({
    ...options,
    createTables: settings.createTables,
    meter: new TableMeter({ sinceMs, own: here, others: [behind] }),
  });
  try {
    await store.getTopic("0");
  } catch (error) {
    await store.close();
    if ((error as Error).name !== "ResourceNotFoundException") throw error;
    throw new Error(
      `There is no DynamoDB table ${settings.tablePrefix}Topics. Start once with CREATE_TABLES=true, and with the right to make tables.`,
      { cause: error },
    );
  }
  const threadData: DynamoDbBackground = { options, settings, meterMemory: { sinceMs, own: behind, others: [] } };
  const background = startBackgroundWorker("dynamodb-background-thread", () => ({ workerData: threadData }), reports);
  const context = createProcessContext(telling(store, background.wake), settings, measure, { isOnly: false });
  return {
    handler: createHttpHandler(context, allAnswers, admit),
    traffic: context.traffic,
    async close() {
      await background.stop();
      await store.close();
    },
  };
}

function optionsFrom(
  { tablePrefix }: DynamoDbSettings,
  environment: Readonly<Record<string, string | undefined>>,
): DynamoDbOptions {
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB ?? environment.AWS_ENDPOINT_URL;
  if (!endpoint) return { tablePrefix };
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE } = environment;
  return {
    tablePrefix,
    endpoint,
    region: AWS_REGION ?? AWS_DEFAULT_REGION ?? "us-east-1",
    ...(!AWS_ACCESS_KEY_ID && !AWS_PROFILE && { credentials: { accessKeyId: "none", secretAccessKey: "none" } }),
  };
}

/** The store, with each append told. */
function telling(store: Store, tell: () => void): Store {
  return {
    ...store,
    async append(request) {
      const result = await store.append(request);
      tell();
      return result;
    },
  };
}
