import { once } from "node:events";
import { resolve } from "node:path";
import { defineCommand } from "./command.ts";
import { parseWhole } from "./usage.ts";

/** `bellwether serve`. */
export const serveCommand = defineCommand({
  summary: "start a service on this machine",
  help: `
bellwether serve

Starts a service that keeps its data in a folder, until Ctrl-C.

  --port N            8080 by default; 0 takes a free one
  --host ADDRESS      127.0.0.1 by default
  --data-dir FOLDER   ./bellwether-data by default; made if it is not there

With BELLWETHER_ADMIN_KEY set, registering and administering need that key.`,
  options: {
    port: { type: "string" },
    host: { type: "string" },
    "data-dir": { type: "string" },
  },
  argumentsMax: 0,
  async run(context, values) {
    const port = parseWhole("--port", values.port ?? "8080", 0, 65_535);
    const dataDir = resolve(values["data-dir"] ?? "bellwether-data");
    const { startLocalService } = await import("#hosts/local/serve.ts");
    const service = await startLocalService({
      port,
      host: values.host ?? "127.0.0.1",
      dataDir,
    });
    await context.stderr.write(`Bellwether ${context.version} is at ${service.url}, its data in ${dataDir}\n`);
    if (!context.signal.aborted) await once(context.signal, "abort");
    await service.close();
  },
});
