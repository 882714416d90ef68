import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/**
 * The console as static files in `dist/console`: an `index.html` that loads one script and one style sheet of its own
 * folder, so that it can be served below any path under `script-src 'self'; style-src 'self'`. `npm run console:dev`
 * serves the sources; calls of the service then go to `BELLWETHER_URL`, else to port 8080 of this machine.
 */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    target: "es2022",
    // Nothing inlined: a `data:` URL would have to be allowed.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // What is built in is under MIT, whose notice goes with every copy.
    license: { fileName: "licenses.md" },
  },
  server: {
    proxy: { "/v1": { target: process.env.BELLWETHER_URL ?? "http://127.0.0.1:8080" } },
  },
});
