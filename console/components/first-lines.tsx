import { endpoint, key } from "../state/connection.ts";
import { CodeLine, Panel } from "./basics.tsx";

/** What an empty service shows: the three lines that make it come alive. */
export function FirstLines() {
  const url = endpoint.value;
  // An open service takes registrations without a key.
  const admin = key.value === undefined ? "" : ' -H "Authorization: Bearer $ADMIN_KEY"';
  const register = `TOKEN=$(curl -s --json '{"name":"me","topics":["news"]}'${admin} ${url}/v1/publishers | grep -o 'bw_pub_[^"]*')`;
  const publish = `curl -d 'The whale was seen off Nantucket' -H "Authorization: Bearer $TOKEN" ${url}/v1/topics/news/messages`;
  const look = `curl${admin} '${url}/v1/popular-terms?topic=news'`;
  return (
    <Panel title="Nothing has been published yet">
      <p class="soft">
        Three lines in a shell make this page come alive: register a publisher, publish a message, and about a second
        later ask what it is about. Or make a topic under Topics, and publish from there.
      </p>
      <CodeLine text={register} what="the line that registers a publisher" />
      <CodeLine text={publish} what="the line that publishes a message" />
      <CodeLine text={look} what="the line that asks for popular terms" />
    </Panel>
  );
}
