import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { BellwetherStack } from "./stack.ts";

/** The template as it is committed, so that a change of it is seen in review. */
export const templateFile = fileURLToPath(new URL("template.json", import.meta.url));

/** Draws the template with the stand-in for every bundle: it then follows from the app alone, not from what was built. */
export function drawTemplate(): string {
  const standIn = fileURLToPath(new URL("stand-in", import.meta.url));
  const app = new App({ analyticsReporting: false });
  const stack = new BellwetherStack(app, "Bellwether", () => Code.fromAsset(standIn), {
    description: "Bellwether: publish, subscribe, and popular terms",
  });
  return `${JSON.stringify(Template.fromStack(stack).toJSON(), null, 2)}\n`;
}
