import { render } from "preact";
import { Shell } from "./shell.tsx";

/** The console begins here. */
render(<Shell />, document.getElementById("console")!);
