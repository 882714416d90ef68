import { TopK } from "bloom-filters";
import { encodeSummary } from "#terms/codec.ts";
import { mergeEncoded } from "#terms/merge-encoded.ts";
import { MessageCounter } from "#terms/message-counter.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { exactSummary, mergeSummaries, type Summary, topTerms } from "#terms/summary.ts";
import { messageTerms } from "#terms/tokenize.ts";
import { tokenizerVersion } from "#terms/tokenizer-version.ts";
import { topOfEncoded } from "#terms/top-of-encoded.ts";
import { roomyCaps } from "#terms/windows.ts";
import { median, medianRatio } from "../rounds.ts";
import { redrawn, stretches, zipf } from "./material.ts";
import { race, rates, type TermsMeasure, type TermsOptions } from "./measure.ts";

const stopWords = stopWordsFor(["en"]);

/** Text to terms. Expected: an object of the segmenter's per word costs more than all of a scan. */
export const cutting: TermsMeasure = {
  name: "cutting",
  about: "cutting words, beside Intl.Segmenter",
  async run(options) {
    const texts = options.text.texts.slice(0, options.quick ? 1_000 : 10_000);
    const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
    const segmenter = new Intl.Segmenter("en", { granularity: "word" });
    const eachText = (cut: (text: string) => ReadonlySet<string>) => (): number => {
      let terms = 0;
      for (const text of texts) terms += cut(text).size;
      return terms;
    };
    const times = await race(
      options,
      eachText((body) => messageTerms({ body })),
      eachText((text) => {
        const words = new Set<string>();
        for (const { segment, isWordLike } of segmenter.segment(text.toLowerCase())) if (isWordLike) words.add(segment);
        return words;
      }),
    );
    const units = { ours: megabytes, anchor: megabytes };
    return [rates("cutting words", "MB/CPU s", units, times, "Intl.Segmenter", [{ of: "ratio", atLeast: 20 }])];
  },
};

/** An hour as 30 full summaries. Expected: 120,000 terms at 50-80 ns; the anchor makes a string and an object of each. */
export const cold: TermsMeasure = {
  name: "cold",
  about: "the top 100 of 30 summaries of 4,096 terms, beside JSON merged as Maps",
  async run(options) {
    const figures = [];
    for (const [name, summaries] of hours(options)) {
      const encoded = summaries.map((summary) => encodeSummary(summary, 1));
      const json = summaries.map(toJson);
      const times = await race(
        options,
        () => topOfEncoded(encoded, 100),
        () => topTerms(mergeSummaries(json.map(fromJson), Number.POSITIVE_INFINITY), 100),
      );
      const sizes = summaries.map(({ terms }) => terms.size.toLocaleString("en"));
      figures.push({
        what: `cold answer over 1 h, ${name}`,
        value: median(times.ours),
        unit: "ms of CPU",
        rounds: times.ours,
        detail: `${summaries.length} x ${sizes.at(-1)} terms`,
        anchor: {
          name: "JSON, Maps",
          value: median(times.anchor),
          ratio: medianRatio(times.ours, times.anchor),
        },
        goals: [{ of: "ratio", atMost: 0.2 } as const],
      });
    }
    return figures;
  },
};

function hours({ text, quick }: TermsOptions): [name: string, summaries: Summary[]][] {
  const messages = quick ? 30_000 : 180_000;
  return [redrawn(text, messages), zipf(messages)].map((material) => [
    material.name.split(",")[0]!,
    stretches(material.terms, 30).map((terms) => mergeSummaries([exactSummary(terms)], 4_096)),
  ]);
}

/** As compact as JSON gets without another encoding in it: a row for each term. */
function toJson(summary: Summary): string {
  return JSON.stringify({
    ...summary,
    terms: [...summary.terms].map(([term, { count, error }]) => [term, count, error]),
  });
}

function fromJson(json: string): Summary {
  const { terms, ...head } = JSON.parse(json) as Omit<Summary, "terms"> & { terms: [string, number, number][] };
  return { ...head, terms: new Map(terms.map(([term, count, error]) => [term, { count, error }])) };
}

/** What is stored. Real text only: made-up words share no beginnings. */
export const size: TermsMeasure = {
  name: "size",
  about: "bytes for each stored term, beside JSON",
  async run({ text }) {
    const summaries = stretches(text.terms, 2).map((terms) => mergeSummaries([exactSummary(terms)], 4_096));
    const merged = mergeSummaries(summaries, 4_096);
    const perTerm = (bytes: number): number => bytes / merged.terms.size;
    const ours = perTerm(encodeSummary(merged, 1).length);
    const json = perTerm(Buffer.byteLength(toJson(merged)));
    return [
      {
        what: "bytes of a stored term, with its error",
        value: ours,
        unit: "bytes",
        rounds: [ours],
        detail: `${merged.terms.size.toLocaleString("en")} terms of ${text.name}`,
        anchor: { name: "JSON", value: json, ratio: ours / json },
        goals: [{ of: "value", atMost: 6.5 }],
      },
    ];
  },
};

/**
 * All that counting does but reading the log: JSON, cutting, counting, and merging into the leaves of the topic and of
 * overall, in passes. Expected: 5-8 us a message of a dozen words. The anchor is given the terms, and only counts them.
 */
export const counting: TermsMeasure = {
  name: "counting",
  about: "counting chat-size messages on one core, beside TopK of bloom-filters",
  async run(options) {
    const { texts, terms } = redrawn(options.text, options.quick ? 5_000 : 50_000);
    const tails = texts.map((body) => JSON.stringify({ body }));
    const few = terms.slice(0, options.quick ? 200 : 2_000);
    const figures = [];
    for (const pass of [10_000, 1_000]) {
      const times = await race(
        options,
        () => count(tails, pass),
        () => {
          const topK = new TopK(100, 0.001, 0.99);
          for (const message of few) for (const term of message) topK.add(term);
        },
      );
      const units = { ours: tails.length, anchor: few.length };
      const what = `counting, ${pass.toLocaleString("en")} messages a pass`;
      const goals = pass === 10_000 ? [{ of: "value", atLeast: 100_000 } as const] : [];
      figures.push(rates(what, "messages/CPU s", units, times, "bloom-filters TopK", goals));
    }
    return figures;
  },
};

function count(tails: readonly string[], pass: number): void {
  const leaves: Uint8Array[] = [encodeSummary(exactSummary([]), tokenizerVersion)];
  leaves.push(leaves[0]!);
  for (let at = 0; at < tails.length; at += pass) {
    const counter = new MessageCounter({ stopWords });
    for (const tail of tails.slice(at, at + pass)) counter.add(JSON.parse(tail));
    const fresh = counter.encode();
    leaves.forEach((leaf, i) => {
      leaves[i] = mergeEncoded([leaf, fresh], roomyCaps.leaf.topic);
    });
  }
}
