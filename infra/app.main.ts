import { App } from "aws-cdk-lib";
import { bundleOf } from "./bundles.ts";
import { BellwetherStack } from "./stack.ts";

/** `npm run synth`: writes the template with its assets to `cdk.out`. The name of the stack is `BELLWETHER_STACK`. */
const required = process.env.BELLWETHER_BUNDLES === "required";
const app = new App({ outdir: "cdk.out", analyticsReporting: false });
new BellwetherStack(app, process.env.BELLWETHER_STACK ?? "Bellwether", (name) => bundleOf(name, required), {
  description: "Bellwether: publish, subscribe, and popular terms",
});
app.synth();
