import { createCountTerms } from "./background-functions.ts";
import { initialise } from "./init.main.ts";

const { context, telemetry } = initialise();

/** Woken by the messages' stream and by a schedule. */
export const handler = createCountTerms(context, telemetry);
