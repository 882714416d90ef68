const versions = { DynamoDB: "DynamoDB_20120810", DynamoDBStreams: "DynamoDBStreams_20120810" } as const;

/**
 * Calls an engine on this machine by the name of an operation, as `DynamoDB.ListTables` or `DynamoDBStreams.GetRecords`,
 * which the client of DynamoDB does not have. Rejects with its error.
 */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the operation's
export async function callEngine(url: string, operation: string, input: object): Promise<any> {
  const [service, name] = operation.split(".") as [keyof typeof versions, string];
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `${versions[service]}.${name}`,
      "x-amz-date": new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
      // Engines on this machine look at the form of a signature, not at its truth.
      authorization:
        "AWS4-HMAC-SHA256 Credential=emulated/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(input),
  });
  const output = await response.json();
  if (response.ok) return output;
  throw new Error(`${operation}: ${JSON.stringify(output).slice(0, 500)}`);
}
