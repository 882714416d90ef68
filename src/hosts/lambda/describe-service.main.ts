import { createHttpHandler } from "../http.ts";
import { createApiFunction } from "./api-function.ts";
import { createDescribeService } from "./describe-service.ts";
import { initialise } from "./init.main.ts";

const { context, telemetry } = initialise();

/** Takes every call that no other function takes. */
export const handler = createApiFunction(createDescribeService(createHttpHandler(context, {})), telemetry);
