import { parentPort, workerData } from "node:worker_threads";
import { fuzzDecoders } from "./decode-run.ts";

/** Fuzzes decoders in a thread, whose memory is bounded and which can be ended when it hangs. `at` says where it is. */
const { cases, seed, at } = workerData as { cases: number; seed: number; at: Int32Array };

parentPort!.postMessage(
  fuzzDecoders(cases, seed, (decoder, number) => {
    at[0] = decoder;
    at[1] = number;
  }),
);
