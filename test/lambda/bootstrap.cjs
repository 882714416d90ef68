"use strict";
/**
 * What Lambda's Node runtime does in an environment, as far as a handler can see it: loads the function, asks the Runtime
 * API for the next event, and gives back what the handler made of it. One event at a time, over one connection.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
const http = require("node:http");
const path = require("node:path");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, route, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        agent,
        host,
        port,
        method,
        path: `/2018-06-01/runtime/${route}`,
        headers: body === undefined ? {} : { "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function described(error) {
  return JSON.stringify({
    errorType: error?.name ?? "Error",
    errorMessage: String(error?.message ?? error),
    trace: String(error?.stack ?? "").split("\n"),
  });
}

async function main() {
  const [file, name] = process.env._HANDLER.split(".");
  let handler;
  try {
    handler = require(path.join(process.env.LAMBDA_TASK_ROOT, `${file}.cjs`))[name];
    if (typeof handler !== "function") throw new Error(`${process.env._HANDLER} is no function.`);
  } catch (error) {
    process.stderr.write(`${error?.stack ?? error}\n`);
    await call("POST", "init/error", described(error));
    process.exit(1);
  }
  for (;;) {
    const { headers, text } = await call("GET", "invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      awsRequestId: id,
      getRemainingTimeInMillis: () => deadlineMs - Date.now(),
    };
    let answer;
    try {
      answer = ["response", JSON.stringify((await handler(JSON.parse(text), context)) ?? null)];
    } catch (error) {
      answer = ["error", described(error)];
    }
    await call("POST", `invocation/${id}/${answer[0]}`, answer[1]);
  }
}

// The Runtime API is gone: so is the environment.
main().catch(() => process.exit(1));
