import { createRollUpTerms } from "./background-functions.ts";
import { initialise } from "./init.main.ts";

const { context, telemetry } = initialise();

/** Run by a schedule. */
export const handler = createRollUpTerms(context, telemetry);
