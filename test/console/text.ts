import { adminKey, eventually, type TestService } from "../harness.ts";

/** Sentences of few words, so that it is known which terms are popular: the first subject is in one of four. */
const subjects = ["whale", "harpoon", "captain", "harbour", "lantern", "compass", "anchor", "sail"];

export function sentence(i: number): string {
  const subject = subjects[7 - Math.floor(Math.sqrt((i * 37) % 64))]!;
  return `Entry ${i}: the ${subject} was seen.`;
}

/**
 * Fills a topic with 100,000 distinct words, more than any summary holds, and only then with words that come up again and
 * again, the first in most messages: their counts may be too low by what was let go before.
 */
export async function fillBeyondCounting(service: TestService, topic: string): Promise<void> {
  await service.call("PUT", `/v1/topics/${topic}`, { token: adminKey, json: {} });
  for (let from = 0; from < 500; from += 100) {
    const batch = Array.from({ length: 100 }, (_, i) => {
      const rare = Array.from({ length: 200 }, (_, word) => `w${((from + i) * 200 + word).toString(36)}q`);
      return { body: [...subjects.filter((_, at) => from === 400 && i % (at + 2) === 0), ...rare].join(" ") };
    });
    const answer = await service.call("POST", `/v1/topics/${topic}/messages`, {
      token: adminKey,
      json: { messages: batch },
    });
    if (answer.status !== 201) throw new Error(answer.text);
    if (from === 300) await counted(service, topic, 400);
  }
}

/** Waits until so many messages are counted: together with later ones they would be counted exactly. */
async function counted(service: TestService, topic: string, messages: number): Promise<void> {
  const path = `/v1/popular-terms?topic=${topic}&window=10m`;
  await eventually(async () => {
    const { json } = await service.call("GET", path, { token: adminKey });
    return json.messages === messages;
  }, `${messages} messages are counted`);
}

/** Fills a topic through the API, in batches. */
export async function fill(service: TestService, topic: string, messages: number): Promise<void> {
  await service.call("PUT", `/v1/topics/${topic}`, { token: adminKey, json: {} });
  for (let from = 0; from < messages; from += 1_000) {
    const batch = Array.from({ length: Math.min(1_000, messages - from) }, (_, i) => ({
      body: sentence(from + i),
      key: `ship-${(from + i) % 5}`,
    }));
    const answer = await service.call("POST", `/v1/topics/${topic}/messages`, {
      token: adminKey,
      json: { messages: batch },
    });
    if (answer.status !== 201) throw new Error(answer.text);
  }
}
