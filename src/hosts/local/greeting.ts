import { type LocalSettings, type SettingName, settingSpecs } from "./settings.ts";

/** What a newcomer sees first: where it is, and lines to paste. */
export function greeting(url: string, settings: LocalSettings): string {
  const place = settings.store === "embedded" ? settings.dataDir : `the DynamoDB tables ${settings.tablePrefix}*`;
  const key = settings.openRegistration ? "" : ' -H "Authorization: Bearer $ADMIN_KEY"';
  return `Bellwether serves on ${url} (data in ${place}${settings.openRegistration ? "; open to this machine: set ADMIN_KEY_SHA256 to close it" : ""})

  Register a publisher and a subscriber of the topic "news"; each answer shows its token once:
    curl --json '{"name":"me","topics":["news"]}' ${url}/v1/publishers${key}
    curl --json '{"topics":["news"],"from":"earliest"}' ${url}/v1/subscribers${key}
  Publish, with the publisher's token:
    curl -d 'hello world' -H "Authorization: Bearer $TOKEN" ${url}/v1/topics/news/messages
  Look, and ask what it is about:
    curl ${url}/v1/topics/news/messages${key}
    curl '${url}/v1/popular-terms?topic=news'${key}
`;
}

/** The settings as help text. */
export function usage(command: string): string {
  const lines = (Object.keys(settingSpecs) as SettingName[]).map((name) => {
    const spec = settingSpecs[name];
    return `  --${spec.flag.padEnd(18)} ${spec.variable.padEnd(18)} ${spec.meaning}${spec.default === "" ? "" : ` (${spec.default})`}`;
  });
  return `Usage: ${command} [options]\n\nServes Bellwether on this machine until SIGTERM. Each option can also be set as an environment variable.\n\n${lines.join("\n")}\n`;
}
