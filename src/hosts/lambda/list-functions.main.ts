import { listFunctionsAnswer } from "../answers.ts";
import { createHttpHandler } from "../http.ts";
import { createApiFunction } from "./api-function.ts";
import { createLambdaDeployment } from "./deployment.ts";
import { initialise } from "./init.main.ts";

/** Put in by the build (`scripts/lambda/bundle.ts`): the size of each bundle that was built with this one. */
declare const BUNDLE_BYTES: Readonly<Record<string, number>> | undefined;

const { context, telemetry } = initialise();
const memoryMb = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
const deployment = createLambdaDeployment({
  bundleBytes: typeof BUNDLE_BYTES === "undefined" ? {} : BUNDLE_BYTES,
  own: memoryMb > 0 ? { name: "listFunctions", memoryBytes: memoryMb * 1_048_576 } : undefined,
});

/** The function of its operation, which alone knows of the others. */
export const handler = createApiFunction(
  createHttpHandler({ ...context, deployment }, { listFunctions: listFunctionsAnswer }),
  telemetry,
);
