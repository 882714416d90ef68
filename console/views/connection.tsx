import { useState } from "preact/hooks";
import { Failure, Notice } from "../components/basics.tsx";
import { Dialog, useAction } from "../components/dialog.tsx";
import { Choice, TextField } from "../components/fields.tsx";
import { connectTo, endpoint, keptOnDevice, key, ownEndpoint, rights } from "../state/connection.ts";
import { setTheme, type Theme, theme } from "../state/theme.ts";

/** Which service is looked at, and with which key. */
export function ConnectionDialog({ onClose }: { readonly onClose: () => void }) {
  const [url, setUrl] = useState(endpoint.value);
  const [secret, setSecret] = useState(key.value ?? "");
  const [keep, setKeep] = useState(keptOnDevice.value);
  const { run, error } = useAction(async () => {
    connectTo(url.trim(), secret.trim() === "" ? undefined : secret.trim(), keep);
    onClose();
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    run();
  };
  const urlHint =
    url.trim() === ownEndpoint
      ? "The service that this page came from."
      : "Another service: it must allow this page (CORS_ORIGINS), and this one must let its page call it (CONSOLE_ENDPOINTS).";
  return (
    <Dialog title="Connection" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <TextField label="Service" type="url" required value={url} onInput={setUrl} hint={urlHint} />
        <TextField
          label="Admin key or token"
          type="password"
          value={secret}
          onInput={setSecret}
          hint="With the admin key everything can be seen and done; without one, what the service opens to all."
        />
        <label class="check">
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
          <span>
            Remember both on this device{" "}
            <span class="hint">
              in the browser’s storage, where whoever uses this profile can read them. Otherwise the key is gone with
              the page.
            </span>
          </span>
        </label>
        <Failure error={error} />
        <div class="dialog-foot">
          <button type="submit" class="button main">
            Connect
          </button>
        </div>
      </form>
      {rights.value !== undefined && <Notice>{rightsText(rights.value)}</Notice>}
      <div class="row">
        <span class="small soft">Colours</span>
        <Choice<Theme>
          name="Colours"
          value={theme.value}
          options={[
            ["system", "As the system"],
            ["light", "Light"],
            ["dark", "Dark"],
          ]}
          onChange={setTheme}
        />
      </div>
    </Dialog>
  );
}

function rightsText({ read, admin }: { readonly read: boolean; readonly admin: boolean }): string {
  if (admin && key.value === undefined)
    return "Now: without a key. This service is open to its own machine: everything can be seen and done.";
  if (admin) return "Now: with the admin key. Everything can be seen and done.";
  if (read)
    return "Now: topics, messages and terms can be read. Publishers, subscribers, functions and tables take the admin key.";
  return "Now: nothing can be listed with this. Give the admin key.";
}
