import { fold } from "#terms/fold.ts";
import { messageTerms } from "#terms/tokenize.ts";
import type { Figure, Measure } from "../measure.ts";
import { alternate, median, medianRatio } from "../rounds.ts";
import { readBenchText } from "../text.ts";

/** Sentences of our own, for what the English text does not have: each language takes another way through the code. */
const sentences = {
  German: [
    "Über den großen Häfen lag am frühen Morgen dichter Nebel, und die Möwen schrien lauter als sonst.",
    "Niemand wusste, warum das Schiff zwei Tage später kam: Der Kapitän schwieg, die Mannschaft auch.",
    "„Wer zu spät auslädt, zahlt die Liegegebühr“, sagte der Hafenmeister und schloss sein Büro.",
  ],
  Hindi: [
    "सुबह बंदरगाह पर घना कोहरा था और जहाज़ देर से पहुँचा।",
    "किसी को पता नहीं था कि कप्तान दो दिन तक चुप क्यों रहा।",
    "बाज़ार में मछलियों के दाम फिर बढ़ गए, लोग बातें करते रहे।",
  ],
  Chinese: [
    "清晨的港口笼罩着浓雾，海鸥的叫声比平时更响。",
    "没有人知道那艘船为什么晚到了两天，船长和船员都不说话。",
    "市场上的鱼价又涨了，大家都在谈论昨天的暴风雨。",
  ],
} as const;

/** Cutting words. Expected: a set of words of a text split at spaces alone takes most of the time that we take. */
export const words: Measure = {
  name: "words",
  about: "cutting texts into terms on one core, against Intl.Segmenter after the same folding",
  async run({ quick, rounds, messageBytes }) {
    const english = readBenchText(messageBytes).messages.map((json) => JSON.parse(json.toString()).body as string);
    const texts = { English: english, ...Object.fromEntries(Object.entries(sentences).map(shuffled)) };
    const figures: Figure[] = [];
    for (const [language, messages] of Object.entries(texts)) {
      const bytes = messages.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const repeats = Math.ceil((quick ? 1e6 : 1e7) / bytes);
      const rateOf = async (cut: (text: string) => Set<string>): Promise<number> => {
        const startMs = performance.now();
        for (let i = 0; i < repeats; i++) for (const text of messages) cut(text);
        return (bytes * repeats) / 1e3 / (performance.now() - startMs);
      };
      const { ours, segmenter } = await alternate(rounds, {
        ours: () => rateOf((body) => messageTerms({ body })),
        segmenter: () => rateOf(segmenterTerms),
      });
      figures.push({
        what: `cutting words, ${language}`,
        value: median(ours),
        unit: "MB/s",
        rounds: ours,
        anchor: { name: "Intl.Segmenter", value: median(segmenter), ratio: medianRatio(ours, segmenter) },
        // Chinese is cut by Intl.Segmenter itself.
        goals: [{ of: "ratio", atLeast: language === "Chinese" ? 0.8 : 2 }],
      });
    }
    return figures;
  },
};

const segmenter = new Intl.Segmenter("en", { granularity: "word" });

/** The least that is comparable: no tags, addresses or limits. */
function segmenterTerms(text: string): Set<string> {
  const terms = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(fold(text))) if (isWordLike) terms.add(segment);
  return terms;
}

/** A thousand texts of four sentences in changing order. */
function shuffled([language, sentences]: [string, readonly string[]]): [string, string[]] {
  const texts = Array.from({ length: 1_000 }, (_, i) =>
    [0, 1, 2, 3].map((j) => sentences[(i * 7 + j * (1 + (i % 2))) % sentences.length]).join(" "),
  );
  return [language, texts];
}
