/** The verbs that a store has: all. A bundle for Lambda puts those in their place that its function asks for. */
export * from "./verbs.ts";
