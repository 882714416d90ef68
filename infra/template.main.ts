import { writeFileSync } from "node:fs";
import { drawTemplate, templateFile } from "./template.ts";

/** `npm run template`: writes the committed template anew. */
writeFileSync(templateFile, drawTemplate());
