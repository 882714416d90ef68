import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** What the store asks of a client: commands of the AWS SDK in, their outputs out. Tests put a faulty one in its place. */
export interface DynamoClient {
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own output
  send(command: any, options?: { readonly abortSignal?: AbortSignal }): Promise<any>;
  destroy(): void;
}

/** Where DynamoDB is. What is not given is taken from the environment and files of AWS, as every AWS SDK does. */
export interface ClientOptions {
  readonly region?: string;
  /** An engine elsewhere than in AWS; it is called with made-up credentials unless there are real ones. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * The SDK's client, which tries once: what to try again, and for how long, is this store's to decide (`requests.ts`), as a
 * second try may have to be another request. Connections are kept open.
 */
export function createClient(options: ClientOptions = {}): DynamoClient {
  return new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    ...(options.region !== undefined && { region: options.region }),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
  });
}
